package org.hotspare.takeover;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hotspare.linux.Netfilter.Chain;
import org.hotspare.linux.Netfilter.ElementSet;
import org.hotspare.linux.Netfilter.Family;
import org.hotspare.linux.Netfilter.Table;
import org.hotspare.linux.NetfilterBatch;
import org.hotspare.linux.NetfilterBatch.ElementType;
import org.hotspare.linux.NetfilterBatch.Hook;
import org.hotspare.linux.NetfilterExpression;
import org.hotspare.linux.NetfilterExpression.Constant;
import org.hotspare.linux.NetfilterExpression.Equals;
import org.hotspare.linux.NetfilterExpression.Field;
import org.hotspare.linux.NetfilterExpression.Header;
import org.hotspare.linux.NetfilterExpression.IsLocal;
import org.hotspare.linux.NetfilterExpression.Load;
import org.hotspare.linux.NetfilterExpression.Lookup;
import org.hotspare.linux.NetfilterExpression.Property;
import org.hotspare.linux.NetfilterExpression.Side;
import org.hotspare.linux.NetfilterExpression.Verdict;
import org.hotspare.tree.Bytes;

/**
 * The tables of a gate and their rules. As {@code nft} would print them:
 *
 * <pre>
 * table inet hotspare-web {
 *   set addresses4 {…}  set addresses6 {…}  set ports {…}
 *   set rounds { flags timeout; }               each element an epoch and a round of it
 *   chain prerouting { type filter hook prerouting priority raw;
 *     iif lo accept
 *     ip daddr &#64;addresses4 jump gate
 *     ip6 daddr &#64;addresses6 jump gate
 *     icmpv6 type nd-neighbor-solicit, its target in &#64;addresses6, jump gate
 *     tcp dport &#64;ports fib daddr type local jump gate       and for udp
 *   }
 *   chain postrouting {…}                       the same of what leaves: source for destination
 *   chain gate { jump selected; drop }
 *   chain selected { (epoch, round) in &#64;rounds, accept }    empty while no round is selected
 * }
 * table arp hotspare-web {…}                    to and from the addresses, with rounds of its own
 * </pre>
 */
final class GateRules {
  /** Before connections are tracked and addresses translated, as for containers. */
  private static final int PRIORITY_RAW = -300;

  /** After addresses were translated back: what leaves has the address that clients see. */
  private static final int PRIORITY_LAST = 300;

  private static final int PRIORITY_FILTER = 0;

  /** The loopback interface has this index in every network namespace. */
  private static final Equals LOOPBACK =
      new Equals(
          Bytes.wrap(
              ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(1).array()));

  private static final byte TCP = 6;
  private static final byte UDP = 17;
  private static final byte ICMPV6 = 58;
  private static final byte NEIGHBOUR_SOLICITATION = (byte) 135;
  private static final byte NEIGHBOUR_ADVERTISEMENT = (byte) 136;

  private static final String GATE = "gate";
  private static final String SELECTED = "selected";
  private static final String ROUNDS = "rounds";
  private static final String ADDRESSES4 = "addresses4";
  private static final String ADDRESSES6 = "addresses6";
  private static final String PORTS = "ports";

  private final List<Bytes> addresses4 = new ArrayList<>();
  private final List<Bytes> addresses6 = new ArrayList<>();
  private final List<Bytes> ports;
  private final Table inet;
  private final Table arp;

  /** How often each chain is used by rules and jumps that stay. */
  private final Map<Chain, Integer> uses = new HashMap<>();

  GateRules(String name, Set<InetAddress> addresses, Set<Integer> ports) {
    inet = new Table(Family.INET, name);
    arp = new Table(Family.ARP, name);
    for (InetAddress address : addresses) {
      (address instanceof Inet4Address ? addresses4 : addresses6)
          .add(Bytes.of(address.getAddress()));
    }
    this.ports = ports.stream().sorted().map(GateRules::port).toList();
  }

  List<Table> tables() {
    return List.of(inet, arp);
  }

  // ---- building

  /**
   * Everything, closed. What there is already of the tables is changed in place, so that a packet
   * finds the rules before or after it, and never none.
   */
  void build(NetfilterBatch batch, boolean owned) {
    uses.clear();
    tables().forEach(table -> buildGate(batch, table, owned));
    buildInet(batch);
    buildArp(batch);
  }

  private void buildGate(NetfilterBatch batch, Table table, boolean owned) {
    batch.addTable(table, owned);
    batch.flush(table);
    batch.addChain(table.chain(GATE));
    batch.addChain(table.chain(SELECTED));
    addRule(batch, table.chain(GATE), Verdict.jump(SELECTED));
    addRule(batch, table.chain(GATE), Verdict.DROP);
    fill(batch, table.set(ROUNDS), ElementType.PAIR, true, List.of());
    fill(batch, table.set(ADDRESSES4), ElementType.IPV4_ADDRESS, false, addresses4);
  }

  private static void fill(
      NetfilterBatch batch, ElementSet set, ElementType type, boolean timeouts, List<Bytes> all) {
    batch.addSet(set, type, timeouts);
    batch.flush(set);
    batch.addElements(set, all);
  }

  private void buildInet(NetfilterBatch batch) {
    fill(batch, inet.set(ADDRESSES6), ElementType.IPV6_ADDRESS, false, addresses6);
    fill(batch, inet.set(PORTS), ElementType.PORT, false, ports);
    Chain in = inet.chain("prerouting");
    batch.addChain(in, Hook.PREROUTING, PRIORITY_RAW);
    addRule(batch, in, new Load(Property.INPUT_INTERFACE), LOOPBACK, Verdict.ACCEPT);
    gateAddress(batch, in, Side.DESTINATION);
    gateNeighbours(batch, in, NEIGHBOUR_SOLICITATION);
    gatePorts(batch, in, Side.DESTINATION);
    Chain out = inet.chain("postrouting");
    batch.addChain(out, Hook.POSTROUTING, PRIORITY_LAST);
    addRule(batch, out, new Load(Property.OUTPUT_INTERFACE), LOOPBACK, Verdict.ACCEPT);
    gateAddress(batch, out, Side.SOURCE);
    gateNeighbours(batch, out, NEIGHBOUR_ADVERTISEMENT);
    gatePorts(batch, out, Side.SOURCE);
  }

  private void gateAddress(NetfilterBatch batch, Chain chain, Side side) {
    boolean source = side == Side.SOURCE;
    addRule(
        batch,
        chain,
        new Load(Property.FAMILY),
        equal(Property.IPV4),
        new Field(Header.NETWORK, source ? 12 : 16, 4),
        new Lookup(ADDRESSES4, true),
        Verdict.jump(GATE));
    addRule(
        batch,
        chain,
        new Load(Property.FAMILY),
        equal(Property.IPV6),
        new Field(Header.NETWORK, source ? 8 : 24, 16),
        new Lookup(ADDRESSES6, true),
        Verdict.jump(GATE));
  }

  /** Advertisements that come in pass: a standby has to hear where the address is now. */
  private void gateNeighbours(NetfilterBatch batch, Chain chain, byte type) {
    addRule(
        batch,
        chain,
        new Load(Property.PROTOCOL),
        equal(ICMPV6),
        new Field(Header.TRANSPORT, 0, 1),
        equal(type),
        new Field(Header.TRANSPORT, 8, 16),
        new Lookup(ADDRESSES6, true),
        Verdict.jump(GATE));
  }

  private void gatePorts(NetfilterBatch batch, Chain chain, Side side) {
    if (ports.isEmpty()) {
      // A kernel may lack what tells local addresses.
      return;
    }
    for (byte protocol : new byte[] {TCP, UDP}) {
      addRule(
          batch,
          chain,
          new Load(Property.PROTOCOL),
          equal(protocol),
          new Field(Header.TRANSPORT, side == Side.SOURCE ? 0 : 2, 2),
          new Lookup(PORTS, true),
          new IsLocal(side),
          Verdict.jump(GATE));
    }
  }

  private void buildArp(NetfilterBatch batch) {
    Field sender = new Field(Header.NETWORK, 14, 4);
    Field target = new Field(Header.NETWORK, 24, 4);
    Chain in = arp.chain("input");
    batch.addChain(in, Hook.ARP_INPUT, PRIORITY_FILTER);
    // An announcement names the address as sender, too. It passes: a standby has to hear it.
    addRule(
        batch,
        in,
        target,
        new Lookup(ADDRESSES4, true),
        sender,
        new Lookup(ADDRESSES4, false),
        Verdict.jump(GATE));
    Chain out = arp.chain("output");
    batch.addChain(out, Hook.ARP_OUTPUT, PRIORITY_FILTER);
    addRule(batch, out, sender, new Lookup(ADDRESSES4, true), Verdict.jump(GATE));
  }

  private void addRule(NetfilterBatch batch, Chain chain, NetfilterExpression... expressions) {
    batch.addRule(chain, List.of(expressions));
    uses.merge(chain, 1, Integer::sum);
    if (expressions[expressions.length - 1] instanceof Verdict(int code, String target)
        && !target.isEmpty()) {
      uses.merge(chain.table().chain(target), 1, Integer::sum);
    }
  }

  /** How many rules and jumps each chain has at least, as long as nobody took any away. */
  Map<Chain, Integer> uses() {
    return Map.copyOf(uses);
  }

  // ---- changing

  void arm(NetfilterBatch batch, long epoch, long round, long millis) {
    for (Table table : tables()) {
      batch.addElement(table.set(ROUNDS), key(epoch, round), millis);
    }
  }

  void select(NetfilterBatch batch, long epoch, long round) {
    for (Table table : tables()) {
      batch.flush(table.chain(SELECTED));
      batch.addRule(
          table.chain(SELECTED),
          List.of(new Constant(key(epoch, round)), new Lookup(ROUNDS, true), Verdict.ACCEPT));
    }
  }

  /** No round is selected, and none is armed. */
  void shut(NetfilterBatch batch) {
    for (Table table : tables()) {
      batch.flush(table.chain(SELECTED));
      batch.flush(table.set(ROUNDS));
    }
  }

  private static Equals equal(byte value) {
    return new Equals(Bytes.wrap(new byte[] {value}));
  }

  private static Bytes key(long epoch, long round) {
    return Bytes.wrap(ByteBuffer.allocate(2 * Long.BYTES).putLong(epoch).putLong(round).array());
  }

  private static Bytes port(int port) {
    return Bytes.wrap(
        Arrays.copyOfRange(ByteBuffer.allocate(Integer.BYTES).putInt(port).array(), 2, 4));
  }
}
