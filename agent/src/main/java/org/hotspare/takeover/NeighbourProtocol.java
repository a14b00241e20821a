package org.hotspare.takeover;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.PacketFilter;
import org.hotspare.linux.PacketSocket;
import org.hotspare.tree.Bytes;

/** How machines on an Ethernet tell each other at which hardware address an address is. Pure. */
sealed interface NeighbourProtocol permits Arp, NeighbourDiscovery {
  /** The length of Ethernet's header: where the protocol begins in a frame. */
  int ETHERNET_BYTES = 14;

  static NeighbourProtocol of(InetAddress address) {
    return address.getAddress().length == Arp.ADDRESS_BYTES ? Arp.IT : NeighbourDiscovery.IT;
  }

  PacketSocket.Protocol protocol();

  /**
   * Frames that tell all machines at once, also those that did not ask.
   *
   * @param router whether this machine forwards packets of others
   */
  List<Bytes> announcement(InetAddress address, HardwareAddress mine, boolean router);

  /** A frame that asks who has the address, and claims nothing. */
  Bytes question(InetAddress address, HardwareAddress mine);

  /** Lets those frames pass that say where one of the addresses is. */
  PacketFilter claimsOf(Collection<InetAddress> addresses);

  /** What a frame claims; empty for any that claims nothing, or is damaged. */
  Optional<Claim> claim(Bytes frame);
}
