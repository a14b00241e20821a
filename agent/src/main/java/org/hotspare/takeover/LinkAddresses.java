package org.hotspare.takeover;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hotspare.linux.AssignedAddress;
import org.hotspare.linux.Errno;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkLink;
import org.hotspare.linux.NetworkRoute;
import org.hotspare.linux.Rtnetlink;

/**
 * The service addresses in the kernel: puts them on their interface and takes them away. Each is
 * marked as ours, so that one that somebody else configured is told apart. Owned by the addresses'
 * thread. Tests have the kernel refuse, by {@link #putAssigned} and {@link #removeAssigned}.
 *
 * <p>An IPv6 address comes without the route to its network that the kernel would make: that would
 * be one with the route of this machine's own addresses there, and have the lifetime of the service
 * address, which is short. Instead there is one that is used only where there is no other.
 */
class LinkAddresses implements AutoCloseable {
  /** For whom {@code ip -d address} says an address was put there: {@code proto 0x68}. */
  static final int OURS = 0x68;

  /** Larger than that of any other route to the network, and that of none. */
  private static final int METRIC = 0x6868;

  private final String interfaceName;
  private final Rtnetlink netlink;
  private final SecondaryAddresses secondaries;

  LinkAddresses(String interfaceName, Rtnetlink netlink) {
    this.interfaceName = interfaceName;
    this.netlink = netlink;
    this.secondaries = new SecondaryAddresses(interfaceName);
  }

  String interfaceName() {
    return interfaceName;
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

  /** The addresses of all Ethernet interfaces of this machine. */
  Set<HardwareAddress> ownHardware() throws LinuxException {
    return netlink.links().stream()
        .flatMap(link -> link.hardware().stream())
        .collect(Collectors.toSet());
  }

  // ---- before they are raised

  /**
   * Makes room for the addresses on the interface.
   *
   * @return what was found and changed, in sentences
   * @throws AddressUnavailableException if one is on another interface
   */
  List<String> prepare(NetworkLink link, List<VirtualAddress> addresses) throws IOException {
    List<String> found = new ArrayList<>(keepOthers(addresses).stream().toList());
    List<AssignedAddress> there = netlink.addresses();
    for (VirtualAddress address : addresses) {
      InetAddress service = address.service.address();
      for (AssignedAddress assigned : there) {
        if (!assigned.address().equals(service)) {
          continue;
        }
        if (assigned.interfaceIndex() != link.index()) {
          leaveOtherInterface(assigned);
        } else if (assigned.prefixLength() != address.service.prefixLength()) {
          removeAssigned(assigned);
          found.add(
              "%s was on %s already, as /%d: it is replaced"
                  .formatted(address.service, interfaceName, assigned.prefixLength()));
        } else if (assigned.isPermanent() && assigned.origin() != OURS) {
          found.add(takenOver(address));
        }
      }
    }
    if (link.hardware().isEmpty()) {
      found.add(
          "%s is no Ethernet interface: where the service addresses are is not announced there, and a stranger who claims them is not heard"
              .formatted(interfaceName));
    }
    return found;
  }

  /**
   * Has this machine's other addresses stay when the service addresses go.
   *
   * @return what was changed for that, or could not be
   */
  Optional<String> keepOthers(List<VirtualAddress> addresses) {
    return addresses.stream().anyMatch(address -> address.service.isIpv4())
        ? secondaries.keep()
        : Optional.empty();
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
      removeAssigned(assigned);
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

  // ---- as they are

  /** Notes which of the addresses are there, and as what. */
  void look(NetworkLink link, List<VirtualAddress> addresses) throws LinuxException {
    long now = System.nanoTime();
    List<AssignedAddress> there =
        netlink.addresses().stream()
            .filter(assigned -> assigned.interfaceIndex() == link.index())
            .toList();
    for (VirtualAddress address : addresses) {
      ServiceAddress service = address.service;
      Optional<AssignedAddress> its =
          there.stream()
              .filter(
                  assigned ->
                      assigned.address().equals(service.address())
                          && assigned.prefixLength() == service.prefixLength())
              .findFirst();
      boolean unusable = its.isPresent() && isUnusable(its.get());
      boolean first = its.isPresent() && isBeforeOwn(its.get(), service, there, addresses);
      address.kept = unusable ? null : its.map(assigned -> kept(assigned, now)).orElse(null);
      address.inTheWay = unusable || first ? its.get() : null;
      address.foreign = its.isPresent() && its.get().isPermanent() && its.get().origin() != OURS;
    }
  }

  /**
   * As one that a standby had when it started: the primary answered, so the kernel does not use it,
   * and goes on not to do so whatever lifetime and flags it gets.
   */
  private static boolean isUnusable(AssignedAddress assigned) {
    return (assigned.flags() & (AssignedAddress.TENTATIVE | AssignedAddress.DUPLICATE)) != 0
        && !(assigned.address() instanceof Inet4Address);
  }

  /**
   * Whether it stands before an address of this machine in the same IPv4 network: then this
   * machine's own connections come from the service address, and a gate that shuts cuts them off.
   */
  private boolean isBeforeOwn(
      AssignedAddress assigned,
      ServiceAddress service,
      List<AssignedAddress> there,
      List<VirtualAddress> addresses) {
    if (!service.isIpv4() || (assigned.flags() & AssignedAddress.SECONDARY) != 0) {
      return false;
    }
    return there.stream()
            .filter(other -> (other.flags() & AssignedAddress.SECONDARY) != 0)
            .filter(other -> other.prefixLength() == service.prefixLength())
            .map(AssignedAddress::address)
            .filter(service::hasInNetwork)
            .anyMatch(other -> addresses.stream().noneMatch(a -> a.service.address().equals(other)))
        && othersStay();
  }

  private boolean othersStay() {
    try {
      return secondaries.areKept();
    } catch (IOException unknown) {
      return false;
    }
  }

  private static Until kept(AssignedAddress assigned, long nowNanos) {
    // What is left of it is told rounded up.
    return Until.kept(
        assigned.isPermanent() ? AssignedAddress.FOREVER : assigned.validSeconds() - 1, nowNanos);
  }

  // ---- changed

  /**
   * Puts the address there, or renews it, and notes until when it is kept.
   *
   * @param until after {@code nowNanos}. If this thread stands still after it took that time, the
   *     address stays for too long by that, and not longer
   */
  void put(NetworkLink link, VirtualAddress address, Until until, long nowNanos)
      throws LinuxException {
    long seconds = until.seconds(nowNanos);
    AssignedAddress obstacle = address.inTheWay;
    if (obstacle != null) {
      take(address, obstacle);
      address.inTheWay = null;
    }
    ServiceAddress service = address.service;
    int flags = AssignedAddress.NO_DUPLICATE_DETECTION;
    if (service.isIpv4()) {
      putAssigned(assigned(link, service, flags, seconds, seconds));
    } else {
      // Never the source of this machine's own connections: the gate may be closed. IPv4 does not
      // choose it where there is another in its network.
      putAssigned(assigned(link, service, flags | AssignedAddress.NO_PREFIX_ROUTE, 0, seconds));
      if (hasNetwork(service)) {
        netlink.put(route(link, service, seconds));
      }
    }
    address.kept = Until.kept(seconds, nowNanos);
    address.foreign = false;
    address.stale = false;
  }

  private static AssignedAddress assigned(
      NetworkLink link, ServiceAddress service, int flags, long preferred, long valid) {
    return new AssignedAddress(
        link.index(), service.address(), service.prefixLength(), flags, preferred, valid, OURS);
  }

  private static boolean hasNetwork(ServiceAddress service) {
    return service.prefixLength() < Byte.SIZE * service.address().getAddress().length;
  }

  private static NetworkRoute route(NetworkLink link, ServiceAddress service, long seconds) {
    return new NetworkRoute(
        link.index(), service.address(), service.prefixLength(), METRIC, seconds, OURS);
  }

  /**
   * Takes the addresses away, whatever their prefix length, also those left on other interfaces.
   * One that cannot be does not keep the others there.
   */
  void remove(List<VirtualAddress> addresses) throws LinuxException {
    Optional<NetworkLink> link = findLink();
    LinuxException failure = null;
    for (AssignedAddress assigned : netlink.addresses()) {
      if (assigned.origin() != OURS
          && link.filter(its -> its.index() == assigned.interfaceIndex()).isEmpty()) {
        continue;
      }
      for (VirtualAddress address : addresses) {
        try {
          if (address.service.address().equals(assigned.address())) {
            take(address, assigned);
          }
        } catch (LinuxException refused) {
          failure = refused;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
    for (VirtualAddress address : addresses) {
      address.kept = null;
      if (link.isPresent() && !address.service.isIpv4() && hasNetwork(address.service)) {
        netlink.remove(route(link.get(), address.service, 1));
      }
    }
  }

  private void take(VirtualAddress address, AssignedAddress assigned) throws LinuxException {
    if (removeAssigned(assigned) && assigned.prefixLength() == address.service.prefixLength()) {
      address.expectedRemovals++;
    }
  }

  void putAssigned(AssignedAddress wanted) throws LinuxException {
    netlink.put(wanted);
  }

  /** False if it was not there. */
  boolean removeAssigned(AssignedAddress assigned) throws LinuxException {
    return netlink.remove(assigned);
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
