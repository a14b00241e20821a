package org.hotspare.linux;

import java.util.OptionalInt;

/**
 * The kernel's packet filter, nftables, without the program {@code nft}: changes are made by {@link
 * NetfilterBatch}, all or nothing, and at one instant for the packets. Needs CAP_NET_ADMIN. It is
 * the filter of the network namespace in which it was opened.
 *
 * <p>Owned by one thread. Tables with an owner belong to this object, and nobody else may change
 * them before {@link #close} or the end of the process.
 */
public final class Netfilter implements AutoCloseable {
  /** How this is called in a {@link LinuxException}. */
  static final String NAME = "nf_tables";

  private static final int NETLINK_NETFILTER = 12;
  private static final int MAX_QUESTION_BYTES = 1024;

  private final NetlinkSocket socket;

  /** Which packets a table sees. */
  public enum Family {
    /** IPv4 and IPv6. */
    INET(1),
    ARP(3);

    final int number;

    Family(int number) {
      this.number = number;
    }

    /** As {@code nft} calls it. */
    String text() {
      return this == INET ? "inet" : "arp";
    }
  }

  /** A table. */
  public record Table(Family family, String name) {
    public Chain chain(String chain) {
      return new Chain(this, chain);
    }

    public ElementSet set(String set) {
      return new ElementSet(this, set);
    }

    /** As {@code nft} calls it: {@code inet hotspare-web}. */
    @Override
    public String toString() {
      return family.text() + " " + name;
    }
  }

  /** A list of rules in a table. */
  public record Chain(Table table, String name) {
    @Override
    public String toString() {
      return table + " " + name;
    }
  }

  /** A set of values in a table, against which rules compare. */
  public record ElementSet(Table table, String name) {
    @Override
    public String toString() {
      return table + " " + name;
    }
  }

  private Netfilter(NetlinkSocket socket) {
    this.socket = socket;
  }

  /**
   * @throws LinuxException EPROTONOSUPPORT for a kernel without netfilter; a lack of privilege
   *     shows at the first batch
   */
  public static Netfilter open() throws LinuxException {
    return new Netfilter(NetlinkSocket.open(NETLINK_NETFILTER));
  }

  /** A batch to be filled, and then given to {@link #commit} before the next one is begun. */
  public NetfilterBatch batch() {
    return new NetfilterBatch(socket);
  }

  /**
   * Makes all changes of the batch, or none.
   *
   * @throws LinuxException EPERM without the privilege, or for a table that somebody else owns;
   *     EOPNOTSUPP for a kernel without nftables or what was asked of it; ENOENT for what is not
   *     there. Its {@code path} is what was attempted. Where it comes from {@code sendto} or {@code
   *     recvfrom}, the changes may have been made.
   */
  public void commit(NetfilterBatch batch) throws LinuxException {
    socket.send(batch.finish(), batch.toString());
    NetlinkReply reply;
    do {
      reply = socket.receive(batch.first(), batch.toString());
      if (reply.error() != 0) {
        throw new LinuxException(reply.error(), NAME, batch.attempt(reply.sequence()));
      }
    } while (reply.sequence() != batch.last());
  }

  /** Whether there is such a table. */
  public boolean has(Table table) throws LinuxException {
    return ask(NetfilterNumbers.GET_TABLE, table, "", NetfilterNumbers.TABLE_FLAGS).isPresent();
  }

  /**
   * The netlink port of the table's owner, by convention its process id; empty if it has none or
   * does not exist.
   */
  public OptionalInt owner(Table table) throws LinuxException {
    return ask(NetfilterNumbers.GET_TABLE, table, "", NetfilterNumbers.TABLE_OWNER);
  }

  /** How many rules the chain has, and jumps to it there are; empty if it does not exist. */
  public OptionalInt uses(Chain chain) throws LinuxException {
    return ask(NetfilterNumbers.GET_CHAIN, chain.table(), chain.name(), NetfilterNumbers.CHAIN_USE);
  }

  private OptionalInt ask(int type, Table table, String chain, int attribute)
      throws LinuxException {
    int sequence = socket.nextSequence();
    NetlinkWriter question = new NetlinkWriter(MAX_QUESTION_BYTES);
    question.message(
        NetfilterNumbers.message(type), 0, sequence, NetfilterNumbers.fixed(table.family()));
    question.string(NetfilterNumbers.TABLE_NAME, table.name());
    if (!chain.isEmpty()) {
      question.string(NetfilterNumbers.CHAIN_NAME, chain);
    }
    String what = chain.isEmpty() ? table.toString() : table.chain(chain).toString();
    socket.send(question.finish(), what);
    NetlinkReply reply = socket.receive(sequence, what);
    if (reply.error() == Errno.ENOENT.number()) {
      return OptionalInt.empty();
    }
    if (reply.isOutcome()) {
      throw new LinuxException(reply.error(), NAME, "get " + what);
    }
    return reply.integer(NetfilterNumbers.FIXED_BYTES, attribute);
  }

  @Override
  public void close() {
    socket.close();
  }
}
