package org.hotspare.agent;

import java.io.IOException;
import java.util.Optional;
import org.hotspare.takeover.Gate;

/**
 * The kernel's gate of this node.
 *
 * <p>Invariant: unless it is held, rounds are selected only of the epoch that it follows; and none
 * is armed of an epoch at whose end it was shut.
 */
final class ServiceGate implements ClientGate {
  private final Gate gate;

  // ---- guarded by this

  /** 0 where it is to be shut. */
  private long followed;

  /** The newest that was armed, and the one for which it was shut for good. */
  private long armedEpoch;

  private long endedEpoch;

  /** The newest round of renewals that was confirmed, and its epoch; 0 for none. */
  private long confirmedRound;

  private long confirmedEpoch;

  /** No round counts: what the kernel does may follow a moment later. */
  private boolean held;

  ServiceGate(Gate gate) {
    this.gate = gate;
    this.held = gate.isHeld();
  }

  // ---- what the lease does

  /** While it is held, no round is needed: the first after that takes over. */
  @Override
  public synchronized void arm(long epoch, long round, long validityNanos) throws IOException {
    if (epoch <= endedEpoch) {
      throw new IOException("it was shut for epoch " + epoch);
    }
    armedEpoch = epoch;
    if (held) {
      return;
    }
    Optional<String> loss = gate.loss();
    if (loss.isPresent()) {
      throw new IOException(loss.get());
    }
    gate.arm(epoch, round, validityNanos);
  }

  @Override
  public synchronized void select(long epoch, long round) throws IOException {
    confirmedEpoch = epoch;
    confirmedRound = round;
    if (!held && followed == epoch) {
      gate.select(epoch, round);
    }
  }

  /** Not what is held: then hands are off, and nobody else is promoted. */
  @Override
  public synchronized void shut() throws IOException {
    followed = 0;
    endedEpoch = armedEpoch;
    if (!held) {
      gate.shut();
    }
  }

  // ---- what the policy decides

  @Override
  public synchronized void follow(long epoch) throws IOException {
    if (epoch <= endedEpoch) {
      throw new IOException("the lease of epoch %d has ended".formatted(epoch));
    }
    followed = epoch;
    if (!held && confirmedEpoch == epoch) {
      gate.select(epoch, confirmedRound);
    }
  }

  @Override
  public synchronized void leave() throws IOException {
    followed = 0;
    if (!held) {
      gate.unselect();
    }
  }

  @Override
  public synchronized void hold(long epoch) throws IOException {
    gate.hold(epoch);
    held = true;
  }

  /** Where the lease is held, the next round that is armed takes over, without a gap. */
  @Override
  public synchronized void free(LeaseHeld lease) throws IOException {
    held = false;
    if (!lease.isHeld()) {
      // What ended while it was held had left it open.
      shut();
    } else if (followed == 0) {
      gate.unselect();
    }
  }

  /** As long as the kernel lets clients in without a round, whatever was asked of it. */
  @Override
  public synchronized boolean isHeld() {
    return held || gate.isHeld();
  }

  @Override
  public synchronized void mend() throws IOException {
    if (followed == 0 && !isHeld() && gate.isLost()) {
      gate.shut();
    }
  }

  @Override
  public synchronized String state() {
    return isHeld() ? "held" : followed == 0 ? "shut" : "open";
  }

  @Override
  public synchronized void close() {
    gate.close();
  }
}
