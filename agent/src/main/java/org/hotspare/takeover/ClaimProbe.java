package org.hotspare.takeover;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkLink;
import org.hotspare.linux.PacketSocket;
import org.hotspare.linux.Wakeup;

/**
 * Asks the network who has the addresses, as RFC 5227 and RFC 4862 do before one is used, but for
 * as long as a takeover has time. Who asks claims nothing.
 */
final class ClaimProbe {
  private static final int QUESTIONS = 3;

  private final HardwareAddress mine;
  private final Set<HardwareAddress> own;
  private final List<InetAddress> addresses;
  private final Map<NeighbourProtocol, PacketSocket> sockets = new LinkedHashMap<>();
  private final Map<InetAddress, Claim> claims = new LinkedHashMap<>();

  private ClaimProbe(HardwareAddress mine, Set<HardwareAddress> own, List<InetAddress> addresses) {
    this.mine = mine;
    this.own = own;
    this.addresses = addresses;
  }

  /**
   * @param own of all interfaces of this machine: those do not count
   * @param limit for how long answers are waited for
   * @return the first that answered for each address; empty at once where this is not Ethernet
   */
  static List<Claim> run(
      NetworkLink link, Set<HardwareAddress> own, List<InetAddress> addresses, Duration limit)
      throws IOException {
    Optional<HardwareAddress> mine = link.hardware();
    if (mine.isEmpty()) {
      return List.of();
    }
    ClaimProbe probe = new ClaimProbe(mine.get(), own, addresses);
    try (Wakeup wakeup = new Wakeup()) {
      probe.open(link);
      probe.ask(wakeup, limit.toNanos());
    } finally {
      probe.sockets.values().forEach(PacketSocket::close);
    }
    return List.copyOf(probe.claims.values());
  }

  private void open(NetworkLink link) throws LinuxException {
    for (NeighbourProtocol protocol : List.of(Arp.IT, NeighbourDiscovery.IT)) {
      List<InetAddress> its =
          addresses.stream().filter(address -> NeighbourProtocol.of(address) == protocol).toList();
      if (!its.isEmpty()) {
        sockets.put(protocol, PacketSocket.open(link, protocol.protocol(), protocol.claimsOf(its)));
      }
    }
  }

  private void ask(Wakeup wakeup, long limitNanos) throws LinuxException {
    long start = System.nanoTime();
    List<PacketSocket> all = new ArrayList<>(sockets.values());
    for (int asked = 0; claims.size() < addresses.size(); ) {
      long gone = System.nanoTime() - start;
      if (gone >= limitNanos) {
        return;
      }
      if (asked < QUESTIONS && gone >= asked * limitNanos / QUESTIONS) {
        question();
        asked++;
      }
      long next = asked < QUESTIONS ? asked * limitNanos / QUESTIONS : limitNanos;
      if (wakeup.await(all, Duration.ofNanos(next - gone))) {
        hear();
      }
    }
  }

  private void question() throws LinuxException {
    for (InetAddress address : addresses) {
      NeighbourProtocol protocol = NeighbourProtocol.of(address);
      PacketSocket socket = sockets.get(protocol);
      if (socket != null && !claims.containsKey(address)) {
        socket.send(protocol.question(address, mine));
      }
    }
  }

  /** One frame of each protocol. */
  private void hear() throws LinuxException {
    for (Map.Entry<NeighbourProtocol, PacketSocket> each : sockets.entrySet()) {
      each.getValue()
          .receive()
          .flatMap(each.getKey()::claim)
          .filter(claim -> addresses.contains(claim.address()) && !own.contains(claim.by()))
          .ifPresent(claim -> claims.putIfAbsent(claim.address(), claim));
    }
  }
}
