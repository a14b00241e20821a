package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.hotspare.linux.Netfilter.Chain;
import org.hotspare.linux.Netfilter.ElementSet;
import org.hotspare.linux.Netfilter.Table;
import org.hotspare.linux.NetfilterExpression.Verdict;
import org.hotspare.tree.Bytes;

/**
 * Changes of the packet filter, in the order in which they are to be made; {@link Netfilter#commit}
 * makes all of them or none. What is added may exist already if it is the same; rules are appended.
 *
 * <p>All methods throw {@link IllegalArgumentException} for more than fits one batch: 128 KiB, and
 * 64 KiB of elements for a set.
 */
public final class NetfilterBatch {
  private static final int NFT_TABLE_F_OWNER = 0x2;
  private static final int NFT_TABLE_F_PERSIST = 0x4;
  private static final int NFT_SET_TIMEOUT = 0x10;

  private final NetlinkSocket socket;
  private final NetlinkWriter writer = new NetlinkWriter(Scratch.LARGE_BYTES);

  /** What each message is about, in the order of their numbers. */
  private final List<String> attempts = new ArrayList<>();

  private final int first;
  private int last;

  /** Where in a packet's way the rules of a chain are asked. */
  public enum Hook {
    /** What comes from a network, before it is known whether it is for this host. */
    PREROUTING(0),
    /** What leaves to a network, whether it comes from this host or through it. */
    POSTROUTING(4),
    ARP_INPUT(0),
    ARP_OUTPUT(1);

    final int number;

    Hook(int number) {
      this.number = number;
    }
  }

  /** What a set holds: the type by which {@code nft} prints it, and its length. */
  public enum ElementType {
    IPV4_ADDRESS(7, 4),
    IPV6_ADDRESS(8, 16),
    PORT(13, 2),
    /** Any two long numbers; printed as an IPv6 address. */
    PAIR(8, 16);

    final int number;
    final int length;

    ElementType(int number, int length) {
      this.number = number;
      this.length = length;
    }
  }

  NetfilterBatch(NetlinkSocket socket) {
    this.socket = socket;
    this.first = socket.nextSequence();
    this.last = first;
    attempts.add("");
    writer.message(NetfilterNumbers.BATCH_BEGIN, 0, first, NetfilterNumbers.fixedOfBatch());
  }

  /**
   * A table; one without an owner that was left behind is taken over.
   *
   * @param owned only this {@link Netfilter} may change it while it is open, and when it is closed
   *     or its process dies the table stays, without an owner; from Linux 6.9 on, EOPNOTSUPP or
   *     EINVAL before
   */
  public void addTable(Table table, boolean owned) {
    begin(NetfilterNumbers.NEW_TABLE, NetlinkWriter.CREATE, table, "add table " + table);
    writer.string(NetfilterNumbers.TABLE_NAME, table.name());
    writer.integer(
        NetfilterNumbers.TABLE_FLAGS, owned ? NFT_TABLE_F_OWNER | NFT_TABLE_F_PERSIST : 0);
  }

  /** With all that is in it. */
  public void deleteTable(Table table) {
    begin(NetfilterNumbers.DELETE_TABLE, 0, table, "delete table " + table);
    writer.string(NetfilterNumbers.TABLE_NAME, table.name());
  }

  /** A chain that others jump to. */
  public void addChain(Chain chain) {
    beginChain(chain);
  }

  /**
   * A chain through which packets go; those about which its rules say nothing go on.
   *
   * @param priority the lower, the earlier among the chains of one hook
   */
  public void addChain(Chain chain, Hook hook, int priority) {
    beginChain(chain);
    writer.nested(
        NetfilterNumbers.CHAIN_HOOK,
        () -> {
          writer.integer(NetfilterNumbers.HOOK_NUMBER, hook.number);
          writer.integer(NetfilterNumbers.HOOK_PRIORITY, priority);
        });
    writer.integer(NetfilterNumbers.CHAIN_POLICY, Verdict.ACCEPT.code());
    writer.string(NetfilterNumbers.CHAIN_TYPE, "filter");
  }

  private void beginChain(Chain chain) {
    begin(NetfilterNumbers.NEW_CHAIN, NetlinkWriter.CREATE, chain.table(), "add chain " + chain);
    writer.string(NetfilterNumbers.CHAIN_TABLE, chain.table().name());
    writer.string(NetfilterNumbers.CHAIN_NAME, chain.name());
  }

  /** Removes the rules of all chains of the table. */
  public void flush(Table table) {
    begin(NetfilterNumbers.DELETE_RULE, 0, table, "flush table " + table);
    writer.string(NetfilterNumbers.RULE_TABLE, table.name());
  }

  /** Removes the rules of the chain. */
  public void flush(Chain chain) {
    begin(NetfilterNumbers.DELETE_RULE, 0, chain.table(), "flush chain " + chain);
    writer.string(NetfilterNumbers.RULE_TABLE, chain.table().name());
    writer.string(NetfilterNumbers.RULE_CHAIN, chain.name());
  }

  /** Appends a rule: expressions that are evaluated in turn until one does not hold. */
  public void addRule(Chain chain, List<NetfilterExpression> expressions) {
    begin(
        NetfilterNumbers.NEW_RULE,
        NetlinkWriter.CREATE | NetlinkWriter.APPEND,
        chain.table(),
        "add rule " + chain + " " + expressions);
    writer.string(NetfilterNumbers.RULE_TABLE, chain.table().name());
    writer.string(NetfilterNumbers.RULE_CHAIN, chain.name());
    writer.nested(
        NetfilterNumbers.RULE_EXPRESSIONS,
        () -> expressions.forEach(expression -> ExpressionWriter.write(writer, expression)));
  }

  /**
   * @param timeouts whether each element has an end of its own
   */
  public void addSet(ElementSet set, ElementType type, boolean timeouts) {
    begin(NetfilterNumbers.NEW_SET, NetlinkWriter.CREATE, set.table(), "add set " + set);
    writer.string(NetfilterNumbers.SET_TABLE, set.table().name());
    writer.string(NetfilterNumbers.SET_NAME, set.name());
    writer.integer(NetfilterNumbers.SET_FLAGS, timeouts ? NFT_SET_TIMEOUT : 0);
    writer.integer(NetfilterNumbers.SET_KEY_TYPE, type.number);
    writer.integer(NetfilterNumbers.SET_KEY_LENGTH, type.length);
    // Any number that no other set of the batch has.
    writer.integer(NetfilterNumbers.SET_ID, last);
  }

  /** Removes all elements. */
  public void flush(ElementSet set) {
    beginElements(NetfilterNumbers.DELETE_ELEMENT, 0, set, "flush set " + set);
  }

  /** Elements that stay. */
  public void addElements(ElementSet set, Collection<Bytes> elements) {
    if (elements.isEmpty()) {
      return;
    }
    beginElements(
        NetfilterNumbers.NEW_ELEMENT, NetlinkWriter.CREATE, set, "add elements of set " + set);
    writer.nested(
        NetfilterNumbers.ELEMENTS_LIST,
        () ->
            elements.forEach(
                element -> writer.nested(NetfilterNumbers.LIST_ELEMENT, () -> writeKey(element))));
  }

  /**
   * An element that the kernel takes out by itself. The set must not hold it: EEXIST.
   *
   * @param timeoutMillis at least 1; the kernel rounds it down to its ticks of 1 to 10 ms
   */
  public void addElement(ElementSet set, Bytes element, long timeoutMillis) {
    beginElements(
        NetfilterNumbers.NEW_ELEMENT,
        NetlinkWriter.CREATE | NetlinkWriter.EXCLUSIVE,
        set,
        "add an element of set " + set);
    writer.nested(
        NetfilterNumbers.ELEMENTS_LIST,
        () ->
            writer.nested(
                NetfilterNumbers.LIST_ELEMENT,
                () -> {
                  writeKey(element);
                  writer.longInteger(NetfilterNumbers.ELEMENT_TIMEOUT, timeoutMillis);
                }));
  }

  private void writeKey(Bytes key) {
    writer.nested(
        NetfilterNumbers.ELEMENT_KEY, () -> writer.bytes(NetfilterNumbers.DATA_VALUE, key.array()));
  }

  private void beginElements(int message, int flags, ElementSet set, String attempt) {
    begin(message, flags, set.table(), attempt);
    writer.string(NetfilterNumbers.ELEMENTS_TABLE, set.table().name());
    writer.string(NetfilterNumbers.ELEMENTS_SET, set.name());
  }

  private void begin(int message, int flags, Table table, String attempt) {
    last = socket.nextSequence();
    attempts.add(attempt);
    writer.message(
        NetfilterNumbers.message(message), flags, last, NetfilterNumbers.fixed(table.family()));
  }

  /** The number of the message before all changes. */
  int first() {
    return first;
  }

  /** The number of the last change, the only one that is acknowledged. */
  int last() {
    return last;
  }

  /** What the message with this number is about; empty for the batch as a whole. */
  String attempt(int sequence) {
    int index = sequence - first;
    return index >= 0 && index < attempts.size() ? attempts.get(index) : "";
  }

  ByteBuffer finish() {
    if (last == first) {
      throw new IllegalStateException("an empty batch");
    }
    writer.flag(NetlinkWriter.ACKNOWLEDGE);
    writer.message(
        NetfilterNumbers.BATCH_END, 0, socket.nextSequence(), NetfilterNumbers.fixedOfBatch());
    return writer.finish();
  }

  @Override
  public String toString() {
    return attempts.getLast();
  }
}
