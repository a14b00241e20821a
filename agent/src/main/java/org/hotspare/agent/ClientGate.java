package org.hotspare.agent;

import java.io.IOException;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Set;
import org.hotspare.config.Configuration;
import org.hotspare.config.Takeover;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.takeover.Gate;

/**
 * What lets clients reach this node, between the lease, which keeps it open round by round, and the
 * policy, which says from when on that may be. It is shut until {@link #follow}, and again from
 * {@link #leave} or the end of the lease. For several threads.
 */
interface ClientGate extends LeaseLoop.Gate, AutoCloseable {
  /**
   * The gate that the configuration asks for: none where it gates neither addresses nor ports.
   *
   * @throws IOException if this machine cannot have one: the message says why
   */
  static ClientGate of(Configuration configuration) throws IOException {
    Takeover takeover = configuration.takeover();
    Set<InetAddress> addresses = new HashSet<>();
    for (String address : takeover.addresses()) {
      addresses.add(InetAddress.ofLiteral(address.substring(0, address.indexOf('/'))));
    }
    if (addresses.isEmpty() && takeover.ports().isEmpty()) {
      return new NoGate();
    }
    return new ServiceGate(
        Gate.openKeepingHold(configuration.cluster(), addresses, Set.copyOf(takeover.ports())));
  }

  /** From now on it is open as long as the lease of that epoch is held. */
  void follow(long epoch) throws IOException;

  /** Shut, though the lease may be held: it can follow that again. */
  void leave() throws IOException;

  /** Open whatever becomes of lease and agent, until {@link #free}. */
  void hold(long epoch) throws IOException;

  /**
   * It follows the lease again, without a gap.
   *
   * @param lease whether that is held: asked after nothing holds the gate any more
   */
  void free(LeaseHeld lease) throws IOException;

  /** Whether the lease is held at this instant. */
  @FunctionalInterface
  interface LeaseHeld {
    boolean isHeld();
  }

  boolean isHeld();

  /** Where the lease is not held: made anew, shut, if somebody took it away. */
  void mend() throws IOException;

  /** In a word for {@code status}: open, shut, held or none. */
  String state();

  @Override
  void close();
}
