package org.hotspare.takeover;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
  /** What is heard at a time of each protocol; the rest is there the next time. */
  private static final int MAX_HEARD = 64;

  /** After something was heard, nothing more is for that long, so that nobody keeps it busy. */
  private static final long PAUSE_NANOS = Duration.ofMillis(100).toNanos();

  private final List<VirtualAddress> addresses;
  private final BooleanSupplier held;
  private final Map<PacketSocket.Protocol, PacketSocket> sockets =
      new EnumMap<>(PacketSocket.Protocol.class);

  /** The interface as it was when it was followed last; null if none is. */
  private @Nullable NetworkLink link;

  /** When it may hear again. */
  private long hearNanos = System.nanoTime();

  Announcer(List<VirtualAddress> addresses, BooleanSupplier held) {
    this.addresses = addresses;
    this.held = held;
  }

  /**
   * Listens on that interface, if it is Ethernet, and no more on another; takes note of what it is
   * like now.
   */
  void follow(NetworkLink now) throws LinuxException {
    if (link == null
        || link.index() != now.index()
        || link.hardware().isPresent() != now.hardware().isPresent()) {
      close();
      if (now.hardware().isPresent()) {
        open(now);
      }
    }
    link = now;
  }

  private void open(NetworkLink on) throws LinuxException {
    for (NeighbourProtocol protocol : List.of(Arp.IT, NeighbourDiscovery.IT)) {
      List<InetAddress> its =
          addresses.stream()
              .map(address -> address.service.address())
              .filter(address -> NeighbourProtocol.of(address) == protocol)
              .toList();
      if (!its.isEmpty()) {
        sockets.put(
            protocol.protocol(),
            PacketSocket.open(on, protocol.protocol(), protocol.claimsOf(its)));
      }
    }
  }

  /** What to wait for; nothing during a pause. */
  List<? extends EventSocket> sockets(long nowNanos) {
    return pauseNanos(nowNanos) > 0 ? List.of() : List.copyOf(sockets.values());
  }

  /** How long it does not hear yet; 0 or less if it does. */
  long pauseNanos(long nowNanos) {
    return hearNanos - nowNanos;
  }

  // ---- hearing

  /** What was claimed since it was asked last, by this machine's other interfaces as well. */
  List<Claim> hear(long nowNanos) throws LinuxException {
    List<Claim> claims = new ArrayList<>();
    if (pauseNanos(nowNanos) > 0) {
      return claims;
    }
    for (NeighbourProtocol protocol : List.of(Arp.IT, NeighbourDiscovery.IT)) {
      PacketSocket socket = sockets.get(protocol.protocol());
      for (int i = 0; socket != null && i < MAX_HEARD; i++) {
        Optional<Bytes> frame = socket.receive();
        if (frame.isEmpty()) {
          break;
        }
        hearNanos = nowNanos + PAUSE_NANOS;
        protocol.claim(frame.get()).ifPresent(claims::add);
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
    NetworkLink on = link;
    if (socket == null || on == null || !on.up() || address.kept == null) {
      return;
    }
    HardwareAddress hardware = on.hardware().orElseThrow();
    for (Bytes frame : protocol.announcement(service, hardware, forwards(on.name()))) {
      if (!held.getAsBoolean()) {
        return;
      }
      socket.send(frame);
    }
    address.announced++;
  }

  /** Whether this machine is a router for what comes from there, so that others may use it. */
  private static boolean forwards(String link) {
    try {
      Path setting = Path.of("/proc/sys/net/ipv6/conf", link, "forwarding");
      return !Files.readString(setting).strip().equals("0");
    } catch (IOException none) {
      // Without IPv6 there is nothing to be said about it.
      return false;
    }
  }

  /** Hears no more, until it follows an interface again. */
  @Override
  public void close() {
    link = null;
    sockets.values().forEach(PacketSocket::close);
    sockets.clear();
  }
}
