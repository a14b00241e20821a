package org.hotspare.takeover;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetfilterBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets clients on the network reach the service addresses and ports of this machine only while it
 * holds the lease. The kernel closes it: each round of renewals is an element of a set with an end
 * of its own, and packets pass only while the element of the selected round is there. A process
 * that is frozen, or dies, closes the gate by doing nothing.
 *
 * <p>Invariant: unless it is held, it is at no instant open later than the validity of the newest
 * selected round after that round was armed. For that, each round is armed once; rounds only grow;
 * what was shut stays shut for its epoch. A process that was stopped in the middle does no harm
 * when it goes on: the round that it then arms counts from an instant before the renewal is sent,
 * and of the round that it then selects the element is gone.
 *
 * <p>The time is the kernel's: its ticks (jiffies). They stand still while the machine is
 * suspended, or frozen as a virtual machine, and are late while the processor that counts them is
 * not run by its host; for so long a round lasts longer. Whoever holds the lease watches for a
 * suspend, and shuts.
 *
 * <p>While a {@code pause} lasts it can be held: open without a round, whatever becomes of this
 * process. That is safe only as long as nobody else may be promoted.
 *
 * <p>While it is closed, everything to and from the service addresses is dropped, established
 * connections included, and so are questions for them and answers about them in ARP and neighbour
 * discovery (of Ethernet); and of the ports, on every address of this host, TCP and UDP. What stays
 * within this host, over its loopback interface, passes: it is not gated. Announcements of where an
 * address is now pass on their way in. Not seen are datagrams to a broadcast or multicast address,
 * packets that a program sends around the packet filter (packet sockets, XDP) and forwarded ones
 * that a flow table takes past it. A machine that routes for others, or bridges with bridge-nf,
 * does not forward to and from the service addresses either while it is closed.
 *
 * <p>The tables are named after the cluster. Where the kernel can (6.9 and later), they belong to
 * this object and nobody else may change them; else others may, which {@link #loss} tells. When it
 * is closed or its process dies the tables stay, and the next one to open it takes them over.
 *
 * <p>A change takes microseconds as a rule, but may wait: for another process that changes the
 * packet filter, and with auditing on for room for its record. Owned by one thread.
 */
public final class Gate implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
  private static final String PREFIX = "hotspare-";

  /**
   * The longest tick of a kernel. It rounds less than one up, or, where it is older, to 0, which
   * means without end.
   */
  private static final long MIN_VALIDITY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final GateRules rules;
  private final GateTables tables;
  private long epoch;

  /** No more rounds of this epoch: it was shut, or none has begun. */
  private boolean over = true;

  /** The newest round of the epoch that was armed; 0 for none. */
  private long armedRound;

  /** The newest round of the epoch that was selected; 0 for none. */
  private long selectedRound;

  /** It is open, and goes by no round. */
  private boolean held;

  /** A change failed, and nobody knows whether it was made. */
  private boolean uncertain;

  private Gate(GateRules rules, GateTables tables) {
    this.rules = rules;
    this.tables = tables;
  }

  /**
   * Makes the gate of a cluster on this machine, shut, whatever there was of it.
   *
   * @param cluster its name: ASCII, at most 63 characters
   * @param addresses the service addresses
   * @param ports gated on every address of this machine, at most about 150; reserve those above
   *     32767 (sysctl {@code ip_local_reserved_ports}), or connections of this machine that happen
   *     to come from one are gated, too
   * @throws GateUnavailableException if this process may not, or this kernel cannot
   * @throws IllegalArgumentException for neither addresses nor ports, for too many, and for ports
   *     that are none
   */
  public static Gate open(String cluster, Set<InetAddress> addresses, Set<Integer> ports)
      throws IOException {
    return open(cluster, addresses, ports, NetfilterBatch.OWNED, false);
  }

  /**
   * As {@link #open}, but a gate that a process before this one has held stays so, without a gap;
   * any other is shut. {@link #isHeld} tells.
   */
  public static Gate openKeepingHold(String cluster, Set<InetAddress> addresses, Set<Integer> ports)
      throws IOException {
    return open(cluster, addresses, ports, NetfilterBatch.OWNED, true);
  }

  /**
   * @param tableFlags {@link NetfilterBatch#OWNED}, or what a kernel before 6.9 can: 0
   */
  static Gate open(
      String cluster,
      Set<InetAddress> addresses,
      Set<Integer> ports,
      int tableFlags,
      boolean keepingHold)
      throws IOException {
    GateRules rules = new GateRules(PREFIX + cluster, addresses, ports);
    GateTables tables = GateTables.open(rules, tableFlags);
    try {
      Gate gate = new Gate(rules, tables);
      gate.build(keepingHold && tables.areHeld());
      return gate;
    } catch (IOException | RuntimeException failed) {
      tables.close();
      throw failed;
    }
  }

  private void build(boolean hold) throws IOException {
    uncertain = true;
    tables.build(hold);
    selectedRound = 0;
    held = hold;
    uncertain = false;
  }

  /** Whether nobody else can change the tables while this is open. */
  public boolean isOwned() {
    return tables.areOwned();
  }

  /** Whether it is open without a round. */
  public boolean isHeld() {
    return held;
  }

  // ---- rounds

  /**
   * Prepares a round, before its renewal is sent. The first of an epoch shuts the gate to those
   * before. If the gate is held, it goes by this round from now on, without a gap, also if the
   * round is never selected.
   *
   * @param round from 1, greater than any before in this epoch
   * @param validityNanos how long the round may keep the gate open, from now: at least 10 ms;
   *     rounded down to milliseconds, and by the kernel to its ticks
   * @throws IllegalArgumentException for a round that is not new or too short, or of an epoch that
   *     was shut
   * @throws IOException if the gate was lost, or this could not be done: the caller gives the lease
   *     up and calls {@link #shut}, before which nothing else is done
   */
  public void arm(long epoch, long round, long validityNanos) throws IOException {
    checkArm(epoch, round, validityNanos);
    change(batch -> addArm(batch, epoch, round, validityNanos));
  }

  /**
   * From now on the gate goes by this round: it is open until the round's end, also if that has
   * passed already.
   *
   * @return false, and nothing is done, for a round that is not armed or not newer than the
   *     selected one
   * @throws IOException as {@link #arm}
   */
  public boolean select(long epoch, long round) throws IOException {
    if (!isSelectable(epoch, round)) {
      return false;
    }
    change(batch -> addSelect(batch, epoch, round));
    return true;
  }

  /**
   * {@link #select}, and {@link #arm} of a later round of the same epoch, as one change.
   *
   * @return whether the one was selected; the other is armed
   */
  public boolean selectAndArm(long epoch, long selected, long armed, long validityNanos)
      throws IOException {
    boolean selects = isSelectable(epoch, selected);
    checkArm(epoch, armed, validityNanos);
    change(
        batch -> {
          if (selects) {
            addSelect(batch, epoch, selected);
          }
          addArm(batch, epoch, armed, validityNanos);
        });
    return selects;
  }

  private boolean isSelectable(long epoch, long round) {
    return !over && epoch == this.epoch && round <= armedRound && round > selectedRound;
  }

  private void addSelect(NetfilterBatch batch, long epoch, long round) {
    rules.select(batch, epoch, round);
    selectedRound = round;
    held = false;
  }

  private void checkArm(long epoch, long round, long validityNanos) {
    boolean isNew = epoch > this.epoch || round > armedRound;
    if (validityNanos < MIN_VALIDITY_NANOS || round < 1 || isOver(epoch) || !isNew) {
      throw new IllegalArgumentException(
          "cannot arm round %d of epoch %d for %d ns after round %d of epoch %d"
              .formatted(round, epoch, validityNanos, armedRound, this.epoch));
    }
  }

  private void addArm(NetfilterBatch batch, long epoch, long round, long validityNanos) {
    begin(batch, epoch);
    armedRound = round;
    rules.arm(batch, epoch, round, TimeUnit.NANOSECONDS.toMillis(validityNanos));
    if (held) {
      addSelect(batch, epoch, round);
    }
  }

  private boolean isOver(long epoch) {
    return epoch < this.epoch || (epoch == this.epoch && over);
  }

  /** Rounds of epochs before are not selected any more. */
  private void begin(NetfilterBatch batch, long epoch) {
    if (epoch > this.epoch) {
      rules.unselect(batch);
      this.epoch = epoch;
      armedRound = 0;
      selectedRound = 0;
    }
    over = false;
  }

  // ---- pause

  /**
   * From now on the gate is open without a lease, also after this process has ended, until the next
   * {@link #arm}, a {@link #select} that is done, {@link #shut}, {@link #open} or a restart of the
   * machine. The caller has made sure that nobody else is promoted before one of these.
   *
   * @throws IllegalArgumentException for an epoch that was shut
   * @throws IOException as {@link #arm}
   */
  public void hold(long epoch) throws IOException {
    if (isOver(epoch)) {
      throw new IllegalArgumentException("cannot hold epoch " + epoch + ": it is over");
    }
    change(
        batch -> {
          begin(batch, epoch);
          rules.hold(batch);
          held = true;
        });
  }

  // ---- closing

  /**
   * Closes it, though rounds go on to be armed: the next that is selected opens it again.
   *
   * @throws IOException as {@link #arm}
   */
  public void unselect() throws IOException {
    change(
        batch -> {
          rules.unselect(batch);
          selectedRound = 0;
          held = false;
        });
  }

  /**
   * Closes it for what is left of this epoch, at once. Makes it anew, closed, if it was lost, or
   * could have been without notice because nobody owns the tables.
   *
   * @throws IOException if that cannot be done: then what was armed runs out by itself, unless the
   *     gate was lost or held
   */
  public void shut() throws IOException {
    over = true;
    LinuxException refused = null;
    Optional<String> loss;
    try {
      shutInPlace();
      loss = loss();
    } catch (LinuxException failed) {
      refused = failed;
      loss = Optional.of(failed.toString());
    }
    if (loss.isPresent()) {
      LOG.warn("the gate is made anew, closed: {}", loss.get());
    } else if (isOwned()) {
      return;
    }
    try {
      build(false);
    } catch (IOException | RuntimeException failed) {
      if (refused != null) {
        failed.addSuppressed(refused);
      }
      throw failed;
    }
  }

  private void shutInPlace() throws LinuxException {
    NetfilterBatch batch = tables.batch();
    rules.shut(batch);
    boolean wasUncertain = uncertain;
    uncertain = true;
    tables.commit(batch);
    uncertain = wasUncertain;
    selectedRound = 0;
    held = false;
  }

  /**
   * Whether {@link #loss} tells of one. It costs tens of microseconds, waits for nobody, and is to
   * be asked in each interval of renewals.
   *
   * @throws LinuxException as {@link #loss}
   */
  public boolean isLost() throws LinuxException {
    return loss().isPresent();
  }

  /**
   * What somebody did to tables or rules, or that a change failed; until {@link #shut}. While there
   * is such a loss, the gate may be open: the caller gives the lease up and shuts it.
   *
   * @return a sentence for the log; empty where there is nothing
   * @throws LinuxException if the kernel does not say, which is to be taken for a loss
   */
  public Optional<String> loss() throws LinuxException {
    return uncertain
        ? Optional.of("a change failed, and may have been made or not")
        : tables.loss(selectedRound > 0 && !held, held);
  }

  /** Fills a batch. */
  private interface Change {
    void addTo(NetfilterBatch batch);
  }

  private void change(Change change) throws IOException {
    if (uncertain) {
      throw new GateLostException("a change failed before, and the gate was not shut since");
    }
    NetfilterBatch batch = tables.batch();
    change.addTo(batch);
    uncertain = true;
    tables.commit(batch);
    uncertain = false;
  }

  /** Takes the gate away for good: clients reach this machine as if there had been none. */
  public void remove() throws LinuxException {
    over = true;
    tables.remove();
  }

  /** Leaves the gate as it is, to be closed by time and taken over by the next that opens it. */
  @Override
  public void close() {
    tables.close();
  }
}
