package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
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
 * <p>All methods throw {@link IllegalArgumentException} for more than fits one batch: 128 KiB.
 */
public final class NetfilterBatch {
  private static final int NFT_TABLE_F_OWNER = 0x2;
  private static final int NFT_TABLE_F_PERSIST = 0x4;

  /**
   * The flags of a table that only the {@link Netfilter} which made it may change while that is
   * open. When it is closed or its process dies the table stays, without an owner. From Linux 6.9
   * on; EOPNOTSUPP or EINVAL before.
   */
  public static final int OWNED = NFT_TABLE_F_OWNER | NFT_TABLE_F_PERSIST;

  private static final int NFT_SET_TIMEOUT = 0x10;

  /** By this type {@code nft} prints the elements of a set: as IPv6 addresses. */
  private static final int ELEMENT_TYPE = 8;

  private static final int ELEMENT_BYTES = 16;

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
   * @param flags {@link #OWNED}, or 0 for one that others may change
   */
  public void addTable(Table table, int flags) {
    begin(NetfilterNumbers.NEW_TABLE, NetlinkWriter.CREATE, table, "add table " + table);
    writer.string(NetfilterNumbers.TABLE_NAME, table.name());
    writer.integer(NetfilterNumbers.TABLE_FLAGS, flags);
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

  /** A set of values of 16 bytes, each with an end of its own. */
  public void addSet(ElementSet set) {
    begin(NetfilterNumbers.NEW_SET, NetlinkWriter.CREATE, set.table(), "add set " + set);
    writer.string(NetfilterNumbers.SET_TABLE, set.table().name());
    writer.string(NetfilterNumbers.SET_NAME, set.name());
    writer.integer(NetfilterNumbers.SET_FLAGS, NFT_SET_TIMEOUT);
    writer.integer(NetfilterNumbers.SET_KEY_TYPE, ELEMENT_TYPE);
    writer.integer(NetfilterNumbers.SET_KEY_LENGTH, ELEMENT_BYTES);
    // The kernel wants a number, by which rules of the batch might name the set; none does.
    writer.integer(NetfilterNumbers.SET_ID, last);
  }

  /** Removes all elements. */
  public void flush(ElementSet set) {
    beginElements(NetfilterNumbers.DELETE_ELEMENT, 0, set, "flush set " + set);
  }

  /**
   * An element that the kernel takes out by itself. The set must not hold it: EEXIST.
   *
   * @param timeoutMillis the kernel rounds it down to its ticks of 1 to 10 ms; less than one may
   *     become one, or mean without end
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
                  writer.nested(
                      NetfilterNumbers.ELEMENT_KEY,
                      () -> writer.bytes(NetfilterNumbers.DATA_VALUE, element.array()));
                  writer.longInteger(NetfilterNumbers.ELEMENT_TIMEOUT, timeoutMillis);
                }));
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

  /** The number of the last change: of those that succeed it alone is acknowledged. */
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
