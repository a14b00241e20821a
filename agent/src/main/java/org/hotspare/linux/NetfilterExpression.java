package org.hotspare.linux;

import org.hotspare.tree.Bytes;

/**
 * One step of a rule. A step loads a value into the one register that is used here, or asks
 * something of it, or says what becomes of the packet. A rule ends where something asked does not
 * hold, or something loaded is not there.
 */
public sealed interface NetfilterExpression {
  /** What there is to know of a packet beside its bytes. */
  enum Property {
    /** The index of the interface by which it came: four bytes, in the machine's order. */
    INPUT_INTERFACE(4),
    /** The index of the interface by which it goes: four bytes, in the machine's order. */
    OUTPUT_INTERFACE(5),
    /** One byte: {@link #IPV4} or {@link #IPV6}. */
    FAMILY(15),
    /** One byte: TCP, UDP or ICMPv6, by their numbers in IP. */
    PROTOCOL(16);

    public static final byte IPV4 = 2;
    public static final byte IPV6 = 10;

    final int number;

    Property(int number) {
      this.number = number;
    }
  }

  /** From where bytes of a packet are counted. */
  enum Header {
    /** The header of IP or ARP. */
    NETWORK(1),
    /** The header of TCP, UDP or ICMP; the later fragments of a packet have none. */
    TRANSPORT(2);

    final int number;

    Header(int number) {
      this.number = number;
    }
  }

  /** Which of the two addresses of a packet. */
  enum Side {
    SOURCE(1),
    DESTINATION(2);

    final int flag;

    Side(int flag) {
      this.flag = flag;
    }
  }

  /** Loads a property. */
  record Load(Property property) implements NetfilterExpression {}

  /** Loads bytes of the packet. */
  record Field(Header header, int offset, int length) implements NetfilterExpression {}

  /** Loads a constant of at most 16 bytes. */
  record Constant(Bytes value) implements NetfilterExpression {}

  /** Whether the register begins with these bytes. */
  record Equals(Bytes value) implements NetfilterExpression {}

  /** Whether the register is an element of the set of this name. */
  record Lookup(String set) implements NetfilterExpression {}

  /** Whether the address is one of this host. Loads over what the register held. */
  record IsLocal(Side side) implements NetfilterExpression {}

  /**
   * What becomes of the packet.
   *
   * @param chain the name of the one to go on in; may be empty
   */
  record Verdict(int code, String chain) implements NetfilterExpression {
    public static final Verdict DROP = new Verdict(0, "");

    /** As far as this table is concerned. */
    public static final Verdict ACCEPT = new Verdict(1, "");

    private static final int JUMP = -3;

    /** Goes on in another chain of the table, and comes back at its end. */
    public static Verdict jump(String chain) {
      return new Verdict(JUMP, chain);
    }
  }
}
