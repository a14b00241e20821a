package org.hotspare.takeover;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hotspare.linux.AssignedAddress;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkLink;
import org.hotspare.linux.Rtnetlink;

/**
 * The service addresses in the kernel: puts them on their interface and takes them away. Each is
 * marked as ours, so that one that somebody else configured is told apart. Owned by the addresses'
 * thread.
 */
final class LinkAddresses implements AutoCloseable {
  /** For whom {@code ip -d address} says an address was put there: {@code proto 0x68}. */
  static final int OURS = 0x68;

  private final String interfaceName;
  private final Rtnetlink netlink;

  LinkAddresses(String interfaceName, Rtnetlink netlink) {
    this.interfaceName = interfaceName;
    this.netlink = netlink;
  }

  Optional<NetworkLink> findLink() throws LinuxException {
    return netlink.findLink(interfaceName);
  }

  /** The interface, ready to take addresses. */
  NetworkLink requireLink() throws IOException {
    NetworkLink link =
        findLink()
            .orElseThrow(
                () ->
                    new AddressUnavailableException(
                        "there is no network interface " + interfaceName + " on this machine",
                        null));
    if (!link.up()) {
      throw new AddressUnavailableException(
          "the network interface %s is down: ip link set %s up"
              .formatted(interfaceName, interfaceName),
          null);
    }
    return link;
  }

  // ---- before they are raised

  /**
   * Makes room for the addresses on the interface.
   *
   * @return what was found and changed, in sentences
   * @throws AddressUnavailableException if one is on another interface
   */
  List<String> prepare(NetworkLink link, List<VirtualAddress> addresses) throws IOException {
    List<AssignedAddress> there = netlink.addresses();
    List<String> found = new ArrayList<>();
    for (VirtualAddress address : addresses) {
      InetAddress service = address.service.address();
      for (AssignedAddress assigned : there) {
        if (!assigned.address().equals(service)) {
          continue;
        }
        if (assigned.interfaceIndex() != link.index()) {
          leaveOtherInterface(assigned);
        } else if (assigned.prefixLength() != address.service.prefixLength()) {
          netlink.remove(assigned);
          found.add(
              "%s was on %s already, as /%d: it is replaced"
                  .formatted(address.service, interfaceName, assigned.prefixLength()));
        } else if (assigned.isPermanent() && assigned.origin() != OURS) {
          found.add(takenOver(address));
        }
      }
    }
    if (addresses.stream().anyMatch(address -> address.service.isIpv4())) {
      promoteSecondaries().ifPresent(found::add);
    }
    return found;
  }

  private String takenOver(VirtualAddress address) {
    return ("%s was on %s already, put there by somebody else: it is taken over, and goes when this"
            + " node is not primary any more. Take it out of this machine's network configuration,"
            + " or it is there again after a restart")
        .formatted(address.service, interfaceName);
  }

  private void leaveOtherInterface(AssignedAddress assigned) throws IOException {
    if (assigned.origin() == OURS) {
      // Of a configuration that named another interface.
      netlink.remove(assigned);
      return;
    }
    Optional<NetworkLink> other = netlink.findLink(assigned.interfaceIndex());
    if (other.isPresent() && !other.get().loopback()) {
      throw new AddressUnavailableException(
          "%s is on the network interface %s of this machine already, and is to be on %s: take it away there, or name that interface"
              .formatted(assigned.address().getHostAddress(), other.get().name(), interfaceName),
          null);
    }
  }

  /**
   * The first address of an IPv4 network takes the others with it when it goes, unless the kernel
   * is told otherwise: and the first may be a service address, and the others the machine's own.
   */
  private Optional<String> promoteSecondaries() {
    String name = "promote_secondaries";
    Path settings = Path.of("/proc/sys/net/ipv4/conf");
    Path own = settings.resolve(interfaceName).resolve(name);
    try {
      if (isZero(settings.resolve("all").resolve(name)) && isZero(own)) {
        Files.writeString(own, "1");
        return Optional.of(
            "net.ipv4.conf.%s.%s was set to 1: other addresses of %s stay when a service address goes"
                .formatted(interfaceName, name, interfaceName));
      }
      return Optional.empty();
    } catch (IOException refused) {
      return Optional.of(
          "net.ipv4.conf.%s.%s cannot be set to 1, so other addresses of %s may go with a service address: %s"
              .formatted(interfaceName, name, interfaceName, refused));
    }
  }

  private static boolean isZero(Path setting) throws IOException {
    return Files.readString(setting).strip().equals("0");
  }

  // ---- as they are

  /** Notes which of the addresses are there, and what else is in their networks. */
  void look(NetworkLink link, List<VirtualAddress> addresses) throws LinuxException {
    long now = System.nanoTime();
    List<AssignedAddress> there =
        netlink.addresses().stream()
            .filter(assigned -> assigned.interfaceIndex() == link.index())
            .toList();
    for (VirtualAddress address : addresses) {
      ServiceAddress service = address.service;
      address.kept =
          there.stream()
              .filter(
                  assigned ->
                      assigned.address().equals(service.address())
                          && assigned.prefixLength() == service.prefixLength())
              .findFirst()
              .map(assigned -> kept(assigned, now))
              .orElse(null);
      address.networkIsKnown =
          there.stream()
              .map(AssignedAddress::address)
              .anyMatch(
                  other ->
                      service.hasInNetwork(other)
                          && addresses.stream().noneMatch(a -> a.service.address().equals(other)));
    }
  }

  private static Until kept(AssignedAddress assigned, long nowNanos) {
    // What is left of it is told rounded up.
    return Until.kept(
        assigned.isPermanent() ? AssignedAddress.FOREVER : assigned.validSeconds() - 1, nowNanos);
  }

  /** Puts the address there, or renews it, and notes until when it is kept. */
  void put(NetworkLink link, VirtualAddress address, Until until) throws LinuxException {
    long now = System.nanoTime();
    long seconds = until.seconds(now);
    netlink.put(assigned(link, address, seconds));
    address.kept = Until.kept(seconds, now);
  }

  private static AssignedAddress assigned(NetworkLink link, VirtualAddress address, long seconds) {
    ServiceAddress service = address.service;
    int flags = AssignedAddress.NO_DUPLICATE_DETECTION;
    long preferred = seconds;
    if (!service.isIpv4()) {
      // Never the source of this machine's own connections: the gate may be closed. IPv4 does not
      // choose it where there is another in its network.
      preferred = 0;
      if (address.networkIsKnown) {
        // The route that is there would get the lifetime of this address.
        flags |= AssignedAddress.NO_PREFIX_ROUTE;
      }
    }
    return new AssignedAddress(
        link.index(), service.address(), service.prefixLength(), flags, preferred, seconds, OURS);
  }

  /**
   * Takes the addresses away, whatever their prefix length, also those left on other interfaces.
   */
  void remove(List<VirtualAddress> addresses) throws LinuxException {
    Optional<NetworkLink> link = findLink();
    for (AssignedAddress assigned : netlink.addresses()) {
      boolean here =
          link.filter(its -> its.index() == assigned.interfaceIndex()).isPresent()
              || assigned.origin() == OURS;
      if (here
          && addresses.stream().anyMatch(a -> a.service.address().equals(assigned.address()))) {
        netlink.remove(assigned);
      }
    }
    addresses.forEach(address -> address.kept = null);
  }

  // ---- when it fails

  /** What the kernel's refusal means, for people. */
  AddressUnavailableException unavailable(LinuxException refused) {
    String reason;
    if (refused.is(Errno.EPERM)) {
      reason = "service addresses need root, or the capabilities CAP_NET_ADMIN and CAP_NET_RAW";
    } else if (refused.is(Errno.EACCES)) {
      reason = "IPv6 is turned off on the network interface " + interfaceName;
    } else {
      reason = "the service addresses cannot be on " + interfaceName;
    }
    return new AddressUnavailableException(reason + ": " + refused.getMessage(), refused);
  }

  @Override
  public void close() {
    netlink.close();
  }
}
