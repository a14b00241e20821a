package org.hotspare.takeover;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.hotspare.linux.EventSocket;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkLink;
import org.hotspare.linux.PacketSocket;
import org.hotspare.tree.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Tells the network at which hardware address the service addresses are, and hears who else says
 * that of himself. What it sends does not pass the gate: so the lease is asked before each frame.
 * Owned by the addresses' thread.
 */
final class Announcer implements AutoCloseable {
  /** What is heard at a time; the rest is there the next time. */
  private static final int MAX_HEARD = 64;

  private final List<VirtualAddress> addresses;
  private final BooleanSupplier held;
  private final Map<PacketSocket.Protocol, PacketSocket> sockets =
      new EnumMap<>(PacketSocket.Protocol.class);
  private @Nullable HardwareAddress hardware;
  private boolean up;
  private boolean router;

  Announcer(List<VirtualAddress> addresses, BooleanSupplier held) {
    this.addresses = addresses;
    this.held = held;
  }

  /** Listens on that interface, if it is Ethernet, and no more on another. */
  void open(NetworkLink link) throws LinuxException {
    close();
    update(link);
    if (hardware == null) {
      return;
    }
    router = forwards(link.name());
    for (NeighbourProtocol protocol : List.of(Arp.IT, NeighbourDiscovery.IT)) {
      List<InetAddress> its =
          addresses.stream()
              .map(address -> address.service.address())
              .filter(address -> NeighbourProtocol.of(address) == protocol)
              .toList();
      if (!its.isEmpty()) {
        sockets.put(
            protocol.protocol(),
            PacketSocket.open(link, protocol.protocol(), protocol.claimsOf(its)));
      }
    }
  }

  /** The interface may have another hardware address by now. */
  void update(NetworkLink link) {
    hardware = link.hardware().orElse(null);
    up = link.up();
  }

  private static boolean forwards(String link) {
    try {
      Path setting = Path.of("/proc/sys/net/ipv6/conf", link, "forwarding");
      return !Files.readString(setting).strip().equals("0");
    } catch (IOException none) {
      // Without IPv6 there is nothing to be said about it.
      return false;
    }
  }

  List<? extends EventSocket> sockets() {
    return List.copyOf(sockets.values());
  }

  // ---- hearing

  /** What other machines claimed since it was asked last; does not wait. */
  List<Claim> hear() throws LinuxException {
    List<Claim> claims = new ArrayList<>();
    for (NeighbourProtocol protocol : List.of(Arp.IT, NeighbourDiscovery.IT)) {
      PacketSocket socket = sockets.get(protocol.protocol());
      for (int i = 0; socket != null && i < MAX_HEARD; i++) {
        Optional<Bytes> frame = socket.receive();
        if (frame.isEmpty()) {
          break;
        }
        protocol
            .claim(frame.get())
            .filter(claim -> !claim.by().equals(hardware))
            .ifPresent(claims::add);
      }
    }
    return claims;
  }

  // ---- announcing

  /** How long until the next announcement is due; empty if none is. */
  OptionalLong dueInNanos(long nowNanos) {
    return addresses.stream()
        .filter(address -> address.announcements.isRunning())
        .mapToLong(address -> address.announcements.dueNanos() - nowNanos)
        .min();
  }

  /** Announces what is due, each only if the lease is held at that moment. */
  void announceDue(long nowNanos) throws LinuxException {
    LinuxException failure = null;
    for (VirtualAddress address : addresses) {
      if (address.announcements.take(nowNanos)) {
        try {
          announce(address);
        } catch (LinuxException failed) {
          failure = failed;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void announce(VirtualAddress address) throws LinuxException {
    InetAddress service = address.service.address();
    NeighbourProtocol protocol = NeighbourProtocol.of(service);
    PacketSocket socket = sockets.get(protocol.protocol());
    if (socket == null || hardware == null || !up || address.kept == null) {
      return;
    }
    for (Bytes frame : protocol.announcement(service, hardware, router)) {
      if (!held.getAsBoolean()) {
        return;
      }
      socket.send(frame);
    }
    address.announced++;
  }

  @Override
  public void close() {
    sockets.values().forEach(PacketSocket::close);
    sockets.clear();
  }
}
