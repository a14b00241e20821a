package org.hotspare.takeover;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.PacketFilter;
import org.hotspare.linux.PacketFilter.Field;
import org.hotspare.linux.PacketSocket;
import org.hotspare.tree.Bytes;

/**
 * For IPv6: RFC 4861, with the questions of RFC 4862. Whoever sends an advertisement about the
 * address claims it. Packets with extension headers are not looked at.
 */
enum NeighbourDiscovery implements NeighbourProtocol {
  IT;

  private static final int ADDRESS_BYTES = 16;
  private static final int IPV6_BYTES = 40;
  private static final int TARGET_OFFSET = ETHERNET_BYTES + IPV6_BYTES + 8;
  private static final int OPTIONS_OFFSET = TARGET_OFFSET + ADDRESS_BYTES;
  private static final int SOURCE_HARDWARE_OFFSET = HardwareAddress.BYTES;
  private static final int LENGTH_OFFSET = ETHERNET_BYTES + 4;
  private static final int NEXT_HEADER_OFFSET = ETHERNET_BYTES + 6;
  private static final int HOP_LIMIT_OFFSET = ETHERNET_BYTES + 7;
  private static final int SOURCE_OFFSET = ETHERNET_BYTES + 8;
  private static final int DESTINATION_OFFSET = SOURCE_OFFSET + ADDRESS_BYTES;
  private static final int TYPE_OFFSET = ETHERNET_BYTES + IPV6_BYTES;
  private static final byte ICMPV6 = 58;
  private static final byte SOLICITATION = (byte) 135;
  private static final byte ADVERTISEMENT = (byte) 136;

  /** No router has forwarded it. */
  private static final byte HOP_LIMIT = (byte) 255;

  private static final int ROUTER = 0x8000_0000;

  /** Whoever knows another hardware address forgets that one. */
  private static final int OVERRIDE = 0x2000_0000;

  private static final byte TARGET_HARDWARE = 2;
  private static final byte OPTION_UNIT_BYTES = 8;
  private static final byte[] ALL_NODES = bytes("ff02::1");

  /** What the last three bytes of an address are appended to. */
  private static final byte[] SOLICITED_NODES = bytes("ff02::1:ff00:0");

  private static byte[] bytes(String address) {
    return InetAddress.ofLiteral(address).getAddress();
  }

  @Override
  public PacketSocket.Protocol protocol() {
    return PacketSocket.Protocol.IPV6;
  }

  @Override
  public List<Bytes> announcement(InetAddress address, HardwareAddress mine, boolean router) {
    byte[] target = address.getAddress();
    ByteBuffer message =
        ByteBuffer.allocate(8 + ADDRESS_BYTES + OPTION_UNIT_BYTES)
            .put(0, ADVERTISEMENT)
            .putInt(4, OVERRIDE | (router ? ROUTER : 0))
            .put(8, target)
            .put(8 + ADDRESS_BYTES, TARGET_HARDWARE)
            .put(9 + ADDRESS_BYTES, (byte) 1)
            .put(10 + ADDRESS_BYTES, mine.bytes().array());
    return List.of(packet(mine, target, ALL_NODES, message));
  }

  /** As of one who does not have the address yet: the answer goes to all nodes. */
  @Override
  public Bytes question(InetAddress address, HardwareAddress mine) {
    byte[] target = address.getAddress();
    byte[] group = SOLICITED_NODES.clone();
    System.arraycopy(target, 13, group, 13, 3);
    ByteBuffer message = ByteBuffer.allocate(8 + ADDRESS_BYTES).put(0, SOLICITATION).put(8, target);
    return packet(mine, new byte[ADDRESS_BYTES], group, message);
  }

  /**
   * @param message of ICMPv6, from 0 to its limit, without its checksum
   */
  private static Bytes packet(
      HardwareAddress mine, byte[] source, byte[] group, ByteBuffer message) {
    message.putShort(2, (short) ~sum(source, group, message.slice()));
    return Bytes.wrap(
        ByteBuffer.allocate(ETHERNET_BYTES + IPV6_BYTES + message.remaining())
            .putShort((short) 0x3333)
            .put(group, 12, 4)
            .put(mine.bytes().array())
            .putShort(PacketSocket.Protocol.IPV6.etherType())
            .putInt(0x6000_0000)
            .putShort((short) message.remaining())
            .put(ICMPV6)
            .put(HOP_LIMIT)
            .put(source)
            .put(group)
            .put(message)
            .array());
  }

  /** Over a message with its checksum it is 0xffff. */
  private static int sum(byte[] source, byte[] destination, ByteBuffer message) {
    int padded = message.remaining() + message.remaining() % 2;
    ByteBuffer all =
        ByteBuffer.allocate(2 * ADDRESS_BYTES + 8 + padded)
            .put(source)
            .put(destination)
            .putInt(message.remaining())
            .putInt(ICMPV6)
            .put(message)
            .clear();
    int sum = 0;
    while (all.hasRemaining()) {
      sum += all.getShort() & 0xffff;
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    return (sum & 0xffff) + (sum >>> 16);
  }

  @Override
  public PacketFilter claimsOf(Collection<InetAddress> addresses) {
    return new PacketFilter(
        addresses.stream()
            .map(
                address ->
                    List.of(
                        new Field(NEXT_HEADER_OFFSET, Bytes.of(new byte[] {ICMPV6})),
                        new Field(TYPE_OFFSET, Bytes.of(new byte[] {ADVERTISEMENT})),
                        new Field(TARGET_OFFSET, Bytes.of(address.getAddress()))))
            .toList());
  }

  @Override
  public Optional<Claim> claim(Bytes frame) {
    byte[] bytes = frame.array();
    if (bytes.length < OPTIONS_OFFSET
        || bytes.length < end(bytes)
        || end(bytes) < OPTIONS_OFFSET
        || bytes[NEXT_HEADER_OFFSET] != ICMPV6
        || bytes[HOP_LIMIT_OFFSET] != HOP_LIMIT
        || bytes[TYPE_OFFSET] != ADVERTISEMENT
        || sum(bytes) != 0xffff) {
      return Optional.empty();
    }
    try {
      InetAddress target =
          InetAddress.getByAddress(
              Arrays.copyOfRange(bytes, TARGET_OFFSET, TARGET_OFFSET + ADDRESS_BYTES));
      return Optional.of(new Claim(target, new HardwareAddress(Bytes.wrap(sender(bytes)))));
    } catch (UnknownHostException impossible) {
      throw new AssertionError("of the right length", impossible);
    }
  }

  /** Where the packet ends in the frame, as it says itself. */
  private static int end(byte[] bytes) {
    int length = ByteBuffer.wrap(bytes).getShort(LENGTH_OFFSET) & 0xffff;
    return ETHERNET_BYTES + IPV6_BYTES + length;
  }

  private static int sum(byte[] bytes) {
    return sum(
        Arrays.copyOfRange(bytes, SOURCE_OFFSET, SOURCE_OFFSET + ADDRESS_BYTES),
        Arrays.copyOfRange(bytes, DESTINATION_OFFSET, DESTINATION_OFFSET + ADDRESS_BYTES),
        ByteBuffer.wrap(bytes, TYPE_OFFSET, end(bytes) - TYPE_OFFSET));
  }

  /** The hardware address that it tells, or else, from which it came. */
  private static byte[] sender(byte[] bytes) {
    int end = end(bytes);
    for (int at = OPTIONS_OFFSET; at + OPTION_UNIT_BYTES <= end; ) {
      if (bytes[at] == TARGET_HARDWARE) {
        return Arrays.copyOfRange(bytes, at + 2, at + 2 + HardwareAddress.BYTES);
      }
      int units = bytes[at + 1] & 0xff;
      if (units == 0) {
        break;
      }
      at += units * OPTION_UNIT_BYTES;
    }
    return Arrays.copyOfRange(
        bytes, SOURCE_HARDWARE_OFFSET, SOURCE_HARDWARE_OFFSET + HardwareAddress.BYTES);
  }
}
