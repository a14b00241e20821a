package org.hotspare.takeover;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Netfilter;
import org.hotspare.linux.Netfilter.Chain;
import org.hotspare.linux.Netfilter.Table;
import org.hotspare.linux.NetfilterBatch;
import org.jspecify.annotations.Nullable;

/**
 * Lets clients on the network reach the service addresses and ports of this machine only while it
 * holds the lease. The kernel closes it: each round of renewals is an element of a set with an end
 * of its own, and packets pass only while the element of the selected round is there. A process
 * that is frozen, or dies, closes the gate by doing nothing.
 *
 * <p>Invariant: at no instant is it open later than the validity of the newest selected round after
 * that round was armed. So each round is armed once, rounds only grow, and what was shut stays shut
 * for its epoch: a late {@link #arm} of what a caller has begun is before its renewal, and a late
 * {@link #select} finds the element gone.
 *
 * <p>While it is closed, everything to and from the service addresses is dropped, established
 * connections included, and so are questions for them and answers about them in ARP and neighbour
 * discovery (of Ethernet); and of the ports, on every address of this host, TCP and UDP. What stays
 * within this host, over its loopback interface, passes: it is not gated. Announcements of where an
 * address is now pass on their way in. Not seen are packets that a program sends around the packet
 * filter (packet sockets, XDP) and forwarded ones that a flow table takes past it. A machine that
 * routes for others does not forward to and from the service addresses either while it is closed.
 *
 * <p>The tables are named after the cluster. Where the kernel can (6.9 and later), they belong to
 * this object and nobody else may change them; else others may, which {@link #isLost} tells. When
 * it is closed or its process dies the tables stay, and the next one to open it takes them over.
 *
 * <p>Owned by one thread.
 */
public final class Gate implements AutoCloseable {
  private static final String PREFIX = "hotspare-";

  private final Netfilter netfilter;
  private final GateRules rules;
  private boolean owned;
  private long epoch;

  /** No more rounds of this epoch: it was shut, or none has begun. */
  private boolean over = true;

  /** The newest round that was armed. */
  private long armedRound;

  private long selectedRound;

  /** A change failed, and nobody knows whether it was made. */
  private boolean uncertain;

  private Gate(Netfilter netfilter, GateRules rules, boolean owned) {
    this.netfilter = netfilter;
    this.rules = rules;
    this.owned = owned;
  }

  /**
   * Makes the gate of a cluster on this machine, shut, whatever there was of it.
   *
   * @param cluster its name: ASCII, at most 63 characters
   * @param addresses the service addresses
   * @param ports gated on every address of this machine; reserve those above 32767 (sysctl {@code
   *     ip_local_reserved_ports}), or connections of this machine that happen to come from one are
   *     gated, too
   * @throws GateUnavailableException if this process may not, or this kernel cannot
   */
  public static Gate open(String cluster, Set<InetAddress> addresses, Set<Integer> ports)
      throws IOException {
    return open(cluster, addresses, ports, true);
  }

  /**
   * @param owned false for what a kernel before 6.9 can
   */
  static Gate open(String cluster, Set<InetAddress> addresses, Set<Integer> ports, boolean owned)
      throws IOException {
    GateRules rules = new GateRules(PREFIX + cluster, addresses, ports);
    Netfilter netfilter = openNetfilter();
    try {
      return new Gate(netfilter, rules, build(netfilter, rules, owned));
    } catch (IOException | RuntimeException failed) {
      netfilter.close();
      throw failed;
    }
  }

  private static Netfilter openNetfilter() throws IOException {
    try {
      return Netfilter.open();
    } catch (LinuxException refused) {
      throw new GateUnavailableException(
          "the gate needs netfilter in the kernel: " + refused.getMessage(), refused);
    }
  }

  /**
   * @return whether the tables are owned
   */
  private static boolean build(Netfilter netfilter, GateRules rules, boolean owned)
      throws IOException {
    LinuxException refused = tryToBuild(netfilter, rules, owned);
    if (refused != null && owned && refused.is(Errno.EOPNOTSUPP, Errno.EINVAL)) {
      LinuxException again = tryToBuild(netfilter, rules, false);
      if (again == null) {
        return false;
      }
      refused = again;
    }
    if (refused == null) {
      return owned;
    }
    throw refused.is(Errno.EPERM)
        ? notPermitted(netfilter, rules, refused)
        : new GateUnavailableException(
            "the gate needs nftables in the kernel (nf_tables, with inet and arp; nft_fib_inet for"
                + " ports): "
                + refused.getMessage(),
            refused);
  }

  private static @Nullable LinuxException tryToBuild(
      Netfilter netfilter, GateRules rules, boolean owned) {
    try {
      NetfilterBatch batch = netfilter.batch();
      rules.build(batch, owned);
      netfilter.commit(batch);
      return null;
    } catch (LinuxException another) {
      // Perhaps there are tables that were made in another way. That no packet passes while they
      // are
      // exchanged is up to the kernel's order of chains; above, it is not.
      try {
        replace(netfilter, rules, owned);
        return null;
      } catch (LinuxException refused) {
        refused.addSuppressed(another);
        return refused;
      }
    }
  }

  private static void replace(Netfilter netfilter, GateRules rules, boolean owned)
      throws LinuxException {
    NetfilterBatch batch = netfilter.batch();
    for (Table table : rules.tables()) {
      if (netfilter.has(table)) {
        batch.deleteTable(table);
      }
    }
    rules.build(batch, owned);
    netfilter.commit(batch);
  }

  private static GateUnavailableException notPermitted(
      Netfilter netfilter, GateRules rules, LinuxException refused) {
    try {
      for (Table table : rules.tables()) {
        OptionalInt owner = netfilter.owner(table);
        if (owner.isPresent()) {
          return new GateUnavailableException(
              "the table \"%s\" belongs to another process, probably %d: is an agent of this cluster running already?"
                  .formatted(table, Integer.toUnsignedLong(owner.getAsInt())),
              refused);
        }
      }
    } catch (LinuxException alsoRefused) {
      refused.addSuppressed(alsoRefused);
    }
    return new GateUnavailableException(
        "the gate needs root, or the capability CAP_NET_ADMIN: " + refused.getMessage(), refused);
  }

  /** Whether nobody else can change the tables while this is open. */
  public boolean isOwned() {
    return owned;
  }

  /**
   * Prepares a round, before its renewal is sent. The first of an epoch shuts the gate to those
   * before.
   *
   * @param round from 1, greater than any before in this epoch
   * @param validityNanos how long the round may keep the gate open, from now; rounded down to
   *     milliseconds, and by the kernel to its ticks
   * @throws IllegalArgumentException for a round that is not new, or of an epoch that was shut
   * @throws LinuxException if the gate was lost, or this could not be done: the caller gives the
   *     lease up and calls {@link #shut}
   */
  public void arm(long epoch, long round, long validityNanos) throws LinuxException {
    boolean first = epoch > this.epoch;
    long millis = TimeUnit.NANOSECONDS.toMillis(validityNanos);
    if (millis < 1
        || round < 1
        || (!first && (over || epoch < this.epoch || round <= armedRound))) {
      throw new IllegalArgumentException(
          "cannot arm round %d of epoch %d for %d ns after round %d of epoch %d"
              .formatted(round, epoch, validityNanos, armedRound, this.epoch));
    }
    NetfilterBatch batch = netfilter.batch();
    if (first) {
      rules.shut(batch);
      selectedRound = 0;
    }
    this.epoch = epoch;
    armedRound = round;
    over = false;
    rules.arm(batch, epoch, round, millis);
    commit(batch);
  }

  /**
   * From now on the gate goes by this round: it is open until the round's end, also if that has
   * passed already.
   *
   * @return false, and nothing is done, for a round that is not armed or not newer than the
   *     selected one
   * @throws LinuxException as {@link #arm}
   */
  public boolean select(long epoch, long round) throws LinuxException {
    if (over || epoch != this.epoch || round > armedRound || round <= selectedRound) {
      return false;
    }
    NetfilterBatch batch = netfilter.batch();
    rules.select(batch, epoch, round);
    selectedRound = round;
    commit(batch);
    return true;
  }

  /**
   * Closes it for what is left of this epoch, at once; makes it anew, closed, if it was lost.
   *
   * @throws IOException if that cannot be done: then it closes by itself, unless it was lost
   */
  public void shut() throws IOException {
    over = true;
    try {
      NetfilterBatch batch = netfilter.batch();
      rules.shut(batch);
      netfilter.commit(batch);
      if (isWhole()) {
        uncertain = false;
        return;
      }
    } catch (LinuxException lost) {
      // It is made anew, and if that fails, too, the caller is told of that.
      uncertain = true;
    }
    owned = build(netfilter, rules, owned);
    uncertain = false;
  }

  /**
   * Whether somebody took tables or rules away, or a change failed; until {@link #shut}. While it
   * is, the gate may be open: the caller gives the lease up and shuts it.
   *
   * @throws LinuxException if the kernel does not say, which is to be taken for a yes
   */
  public boolean isLost() throws LinuxException {
    return uncertain || !isWhole();
  }

  private boolean isWhole() throws LinuxException {
    for (Map.Entry<Chain, Integer> chain : rules.uses().entrySet()) {
      if (netfilter.uses(chain.getKey()).orElse(0) < chain.getValue()) {
        return false;
      }
    }
    return true;
  }

  private void commit(NetfilterBatch batch) throws LinuxException {
    try {
      netfilter.commit(batch);
    } catch (LinuxException failed) {
      uncertain = true;
      throw failed;
    }
  }

  /** Takes the gate away for good: clients reach this machine as if there had been none. */
  public void remove() throws LinuxException {
    over = true;
    NetfilterBatch batch = netfilter.batch();
    rules.tables().forEach(batch::deleteTable);
    netfilter.commit(batch);
  }

  /** Leaves the gate as it is, to be closed by time and taken over by the next that opens it. */
  @Override
  public void close() {
    netfilter.close();
  }
}
