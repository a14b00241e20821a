package org.hotspare.takeover;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.PacketFilter;
import org.hotspare.linux.PacketFilter.Field;
import org.hotspare.linux.PacketSocket;
import org.hotspare.tree.Bytes;

/**
 * For IPv4: RFC 826, with the probes and announcements of RFC 5227. Whoever sends a packet with the
 * address as its sender claims it.
 */
enum Arp implements NeighbourProtocol {
  IT;

  static final int ADDRESS_BYTES = 4;
  private static final int PACKET_BYTES = 28;
  private static final short HARDWARE_ETHERNET = 1;
  private static final short PROTOCOL_IPV4 = 0x0800;
  private static final short REQUEST = 1;
  private static final short REPLY = 2;
  private static final int SENDER_OFFSET = ETHERNET_BYTES + 14;
  private static final int SENDER_HARDWARE_OFFSET = ETHERNET_BYTES + 8;
  private static final Bytes BROADCAST = Bytes.of(new byte[] {-1, -1, -1, -1, -1, -1});
  private static final Bytes NOBODY = Bytes.of(new byte[HardwareAddress.BYTES]);
  private static final Bytes NO_ADDRESS = Bytes.of(new byte[ADDRESS_BYTES]);

  @Override
  public PacketSocket.Protocol protocol() {
    return PacketSocket.Protocol.ARP;
  }

  /**
   * As a request and as a reply: machines differ in which of them they believe. Linux takes a reply
   * for an announcement only if it names the sender as its target, too.
   */
  @Override
  public List<Bytes> announcement(InetAddress address, HardwareAddress mine, boolean router) {
    Bytes both = Bytes.of(address.getAddress());
    return List.of(
        packet(REQUEST, mine, both, NOBODY, both), packet(REPLY, mine, both, mine.bytes(), both));
  }

  @Override
  public Bytes question(InetAddress address, HardwareAddress mine) {
    return packet(REQUEST, mine, NO_ADDRESS, NOBODY, Bytes.of(address.getAddress()));
  }

  private static Bytes packet(
      short operation, HardwareAddress mine, Bytes sender, Bytes targetHardware, Bytes target) {
    return Bytes.wrap(
        ByteBuffer.allocate(ETHERNET_BYTES + PACKET_BYTES)
            .put(BROADCAST.array())
            .put(mine.bytes().array())
            .putShort(PacketSocket.Protocol.ARP.etherType())
            .putShort(HARDWARE_ETHERNET)
            .putShort(PROTOCOL_IPV4)
            .put((byte) HardwareAddress.BYTES)
            .put((byte) ADDRESS_BYTES)
            .putShort(operation)
            .put(mine.bytes().array())
            .put(sender.array())
            .put(targetHardware.array())
            .put(target.array())
            .array());
  }

  @Override
  public PacketFilter claimsOf(Collection<InetAddress> addresses) {
    return new PacketFilter(
        addresses.stream()
            .map(address -> List.of(new Field(SENDER_OFFSET, Bytes.of(address.getAddress()))))
            .toList());
  }

  @Override
  public Optional<Claim> claim(Bytes frame) {
    if (frame.length() < ETHERNET_BYTES + PACKET_BYTES) {
      return Optional.empty();
    }
    ByteBuffer packet = ByteBuffer.wrap(frame.array());
    packet.position(ETHERNET_BYTES);
    if (packet.getShort() != HARDWARE_ETHERNET
        || packet.getShort() != PROTOCOL_IPV4
        || packet.get() != HardwareAddress.BYTES
        || packet.get() != ADDRESS_BYTES) {
      return Optional.empty();
    }
    byte[] hardware = new byte[HardwareAddress.BYTES];
    byte[] sender = new byte[ADDRESS_BYTES];
    packet.get(SENDER_HARDWARE_OFFSET, hardware).get(SENDER_OFFSET, sender);
    try {
      return Optional.of(
          new Claim(InetAddress.getByAddress(sender), new HardwareAddress(Bytes.wrap(hardware))));
    } catch (UnknownHostException impossible) {
      throw new AssertionError("of the right length", impossible);
    }
  }
}
