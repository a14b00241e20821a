package org.hotspare.linux;

import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's packet filter, nftables, without the program {@code nft}: changes are made by {@link
 * NetfilterBatch}, all or nothing, and at one instant for the packets. Needs CAP_NET_ADMIN. It is
 * the filter of the network namespace in which it was opened.
 *
 * <p>A change may wait: the kernel makes those of all processes one after the other, and with
 * auditing on writes a record of each table that was changed, for which there has to be room.
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

  /**
   * What there is to know of a table.
   *
   * @param handle its number, which no other table of this packet filter had before
   * @param flags 0, {@link NetfilterBatch#OWNED}, or what somebody else has set
   * @param owner the netlink port of its owner, by convention its process id
   */
  public record TableState(long handle, int flags, OptionalInt owner) {}

  /**
   * What there is to know of a chain.
   *
   * @param handle its number, which no other chain or rule of its table had before
   * @param uses how many rules it has, and jumps to it there are
   */
  public record ChainState(long handle, int uses) {}

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

  /** The table as it is; empty if there is none. */
  public Optional<TableState> find(Table table) throws LinuxException {
    NetlinkReply reply = ask(NetfilterNumbers.GET_TABLE, table, "");
    return reply == null
        ? Optional.empty()
        : Optional.of(
            new TableState(
                handle(reply, NetfilterNumbers.TABLE_HANDLE),
                number(reply, NetfilterNumbers.TABLE_FLAGS),
                reply.integer(NetfilterNumbers.FIXED_BYTES, NetfilterNumbers.TABLE_OWNER)));
  }

  /** The chain as it is; empty if there is none. */
  public Optional<ChainState> find(Chain chain) throws LinuxException {
    NetlinkReply reply = ask(NetfilterNumbers.GET_CHAIN, chain.table(), chain.name());
    return reply == null
        ? Optional.empty()
        : Optional.of(
            new ChainState(
                handle(reply, NetfilterNumbers.CHAIN_HANDLE),
                number(reply, NetfilterNumbers.CHAIN_USE)));
  }

  private static long handle(NetlinkReply reply, int attribute) throws LinuxException {
    return reply
        .longInteger(NetfilterNumbers.FIXED_BYTES, attribute)
        .orElseThrow(() -> new LinuxException(Errno.EUCLEAN, NAME, "handle"));
  }

  private static int number(NetlinkReply reply, int attribute) throws LinuxException {
    return reply
        .integer(NetfilterNumbers.FIXED_BYTES, attribute)
        .orElseThrow(() -> new LinuxException(Errno.EUCLEAN, NAME, "attribute " + attribute));
  }

  /**
   * These questions do not wait for changes that others make just then.
   *
   * @return null for what does not exist
   */
  private @Nullable NetlinkReply ask(int type, Table table, String chain) throws LinuxException {
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
      return null;
    }
    if (reply.isOutcome()) {
      throw new LinuxException(reply.error(), NAME, "get " + what);
    }
    return reply;
  }

  @Override
  public void close() {
    socket.close();
  }
}
