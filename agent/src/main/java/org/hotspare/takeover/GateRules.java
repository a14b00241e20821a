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
import org.hotspare.linux.Netfilter.Family;
import org.hotspare.linux.Netfilter.Table;
import org.hotspare.linux.NetfilterBatch;
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
 *   set rounds { flags timeout; }               each element an epoch and a round of it
 *   chain prerouting { type filter hook prerouting priority raw;
 *     iif lo accept
 *     ip daddr 10.0.0.100 jump gate             for each address
 *     ip6 daddr fd00::100 jump gate
 *     icmpv6 type nd-neighbor-solicit, its target fd00::100, jump gate
 *     meta l4proto tcp jump to-ports            and for udp
 *   }
 *   chain to-ports { th dport 80 fib daddr type local jump gate }       for each port
 *   chain postrouting {…}  chain from-ports {…}    the same of what leaves: source for destination
 *   chain gate { jump held; jump selected; drop }
 *   chain held { accept }                          empty unless the gate is held
 *   chain selected { (epoch, round) in &#64;rounds, accept }    empty while no round is selected
 * }
 * table arp hotspare-web {…}                    to and from the addresses, with rounds of its own
 * </pre>
 *
 * <p>Addresses and ports are rules, and not elements of sets: rules can be counted and are
 * exchanged at one instant. A look-up in a set that is flushed and filled again by one batch may
 * find nothing meanwhile, before Linux 6.17; of rounds, that closes the gate for an instant.
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

  private static final int MAX_PORT = 65_535;

  private static final String GATE = "gate";
  private static final String HELD = "held";
  private static final String SELECTED = "selected";
  private static final String ROUNDS = "rounds";

  private final List<Bytes> addresses4 = new ArrayList<>();
  private final List<Bytes> addresses6 = new ArrayList<>();
  private final List<Bytes> ports;
  private final Table inet;
  private final Table arp;

  /**
   * How often each chain is used by rules and jumps, while no round is selected and it is not held.
   */
  private final Map<Chain, Integer> uses = new HashMap<>();

  /**
   * @throws IllegalArgumentException where nothing would be gated, or for a port that is none
   */
  GateRules(String name, Set<InetAddress> addresses, Set<Integer> ports) {
    if (addresses.isEmpty() && ports.isEmpty()) {
      throw new IllegalArgumentException("a gate for no address and no port");
    }
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
   * Everything, without a round. What there is already of the tables is changed in place, so that a
   * packet finds the rules before or after it, and never none.
   *
   * @param tableFlags {@link NetfilterBatch#OWNED} or 0
   * @param held open, until that is ended; else closed
   */
  void build(NetfilterBatch batch, int tableFlags, boolean held) {
    uses.clear();
    tables().forEach(table -> buildGate(batch, table, tableFlags));
    buildInet(batch);
    buildArp(batch);
    if (held) {
      addHold(batch);
    }
  }

  private void buildGate(NetfilterBatch batch, Table table, int tableFlags) {
    batch.addTable(table, tableFlags);
    batch.flush(table);
    Chain gate = table.chain(GATE);
    for (Chain chain : List.of(gate, held(table), selected(table))) {
      batch.addChain(chain);
    }
    addRule(batch, gate, Verdict.jump(HELD));
    addRule(batch, gate, Verdict.jump(SELECTED));
    addRule(batch, gate, Verdict.DROP);
    batch.addSet(table.set(ROUNDS));
    batch.flush(table.set(ROUNDS));
  }

  private void buildInet(NetfilterBatch batch) {
    Chain in = inet.chain("prerouting");
    batch.addChain(in, Hook.PREROUTING, PRIORITY_RAW);
    addRule(batch, in, new Load(Property.INPUT_INTERFACE), LOOPBACK, Verdict.ACCEPT);
    gateAddresses(batch, in, Side.DESTINATION);
    gateNeighbours(batch, in, NEIGHBOUR_SOLICITATION);
    gatePorts(batch, in, "to-ports", Side.DESTINATION);
    Chain out = inet.chain("postrouting");
    batch.addChain(out, Hook.POSTROUTING, PRIORITY_LAST);
    addRule(batch, out, new Load(Property.OUTPUT_INTERFACE), LOOPBACK, Verdict.ACCEPT);
    gateAddresses(batch, out, Side.SOURCE);
    gateNeighbours(batch, out, NEIGHBOUR_ADVERTISEMENT);
    gatePorts(batch, out, "from-ports", Side.SOURCE);
  }

  private void gateAddresses(NetfilterBatch batch, Chain chain, Side side) {
    boolean source = side == Side.SOURCE;
    Field in4 = new Field(Header.NETWORK, source ? 12 : 16, 4);
    addresses4.forEach(address -> gateAddress(batch, chain, Property.IPV4, in4, address));
    Field in6 = new Field(Header.NETWORK, source ? 8 : 24, 16);
    addresses6.forEach(address -> gateAddress(batch, chain, Property.IPV6, in6, address));
  }

  private void gateAddress(
      NetfilterBatch batch, Chain chain, byte family, Field field, Bytes address) {
    addRule(
        batch,
        chain,
        new Load(Property.FAMILY),
        equal(family),
        field,
        new Equals(address),
        Verdict.jump(GATE));
  }

  /** Advertisements that come in pass: a standby has to hear where the address is now. */
  private void gateNeighbours(NetfilterBatch batch, Chain chain, byte type) {
    for (Bytes address : addresses6) {
      addRule(
          batch,
          chain,
          new Load(Property.PROTOCOL),
          equal(ICMPV6),
          new Field(Header.TRANSPORT, 0, 1),
          equal(type),
          new Field(Header.TRANSPORT, 8, 16),
          new Equals(address),
          Verdict.jump(GATE));
    }
  }

  private void gatePorts(NetfilterBatch batch, Chain chain, String forPorts, Side side) {
    if (ports.isEmpty()) {
      // A kernel may lack what tells local addresses.
      return;
    }
    Chain each = inet.chain(forPorts);
    batch.addChain(each);
    for (Bytes port : ports) {
      addRule(
          batch,
          each,
          new Field(Header.TRANSPORT, side == Side.SOURCE ? 0 : 2, 2),
          new Equals(port),
          new IsLocal(side),
          Verdict.jump(GATE));
    }
    for (byte protocol : new byte[] {TCP, UDP}) {
      addRule(
          batch, chain, new Load(Property.PROTOCOL), equal(protocol), Verdict.jump(each.name()));
    }
  }

  private void buildArp(NetfilterBatch batch) {
    Field sender = new Field(Header.NETWORK, 14, 4);
    Field target = new Field(Header.NETWORK, 24, 4);
    Chain in = arp.chain("input");
    batch.addChain(in, Hook.ARP_INPUT, PRIORITY_FILTER);
    Chain out = arp.chain("output");
    batch.addChain(out, Hook.ARP_OUTPUT, PRIORITY_FILTER);
    // An announcement names the address as sender, too. It passes: a standby has to hear it.
    for (Bytes address : addresses4) {
      addRule(batch, in, sender, new Equals(address), Verdict.ACCEPT);
    }
    for (Bytes address : addresses4) {
      addRule(batch, in, target, new Equals(address), Verdict.jump(GATE));
      addRule(batch, out, sender, new Equals(address), Verdict.jump(GATE));
    }
  }

  private void addRule(NetfilterBatch batch, Chain chain, NetfilterExpression... expressions) {
    batch.addRule(chain, List.of(expressions));
    uses.merge(chain, 1, Integer::sum);
    if (expressions[expressions.length - 1] instanceof Verdict(int code, String target)
        && !target.isEmpty()) {
      uses.merge(chain.table().chain(target), 1, Integer::sum);
    }
  }

  // ---- comparing

  /**
   * How many rules and jumps each chain has, as long as nobody else changed any.
   *
   * @param selected whether a round is selected
   * @param held whether it is held
   */
  Map<Chain, Integer> uses(boolean selected, boolean held) {
    Map<Chain, Integer> all = new HashMap<>(uses);
    for (Table table : tables()) {
      all.merge(selected(table), selected ? 1 : 0, Integer::sum);
      all.merge(held(table), held ? 1 : 0, Integer::sum);
    }
    return all;
  }

  // ---- changing

  void arm(NetfilterBatch batch, long epoch, long round, long millis) {
    for (Table table : tables()) {
      batch.addElement(table.set(ROUNDS), key(epoch, round), millis);
    }
  }

  /** It goes by this round, and is not held. */
  void select(NetfilterBatch batch, long epoch, long round) {
    unselect(batch);
    for (Table table : tables()) {
      batch.addRule(
          selected(table),
          List.of(new Constant(key(epoch, round)), new Lookup(ROUNDS), Verdict.ACCEPT));
    }
  }

  /** No round is selected, and it is not held. */
  void unselect(NetfilterBatch batch) {
    for (Table table : tables()) {
      batch.flush(selected(table));
      batch.flush(held(table));
    }
  }

  /** Nor is any round armed. */
  void shut(NetfilterBatch batch) {
    unselect(batch);
    tables().forEach(table -> batch.flush(table.set(ROUNDS)));
  }

  /** It is open without a round. */
  void hold(NetfilterBatch batch) {
    unselect(batch);
    addHold(batch);
  }

  private void addHold(NetfilterBatch batch) {
    tables().forEach(table -> batch.addRule(held(table), List.of(Verdict.ACCEPT)));
  }

  /** Whether the gate is held, by how often this chain of each table is used. */
  static Chain held(Table table) {
    return table.chain(HELD);
  }

  /** How often that is, where it is held: by the jump to it, and the rule in it. */
  static final int USES_HELD = 2;

  private static Chain selected(Table table) {
    return table.chain(SELECTED);
  }

  private static Equals equal(byte value) {
    return new Equals(Bytes.wrap(new byte[] {value}));
  }

  private static Bytes key(long epoch, long round) {
    return Bytes.wrap(ByteBuffer.allocate(2 * Long.BYTES).putLong(epoch).putLong(round).array());
  }

  private static Bytes port(int port) {
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("port " + port + " is not between 1 and " + MAX_PORT);
    }
    return Bytes.wrap(
        Arrays.copyOfRange(ByteBuffer.allocate(Integer.BYTES).putInt(port).array(), 2, 4));
  }
}
