package org.hotspare.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who this machine is: its name and the addresses of its network interfaces. */
public record HostIdentity(String hostName, Set<InetAddress> addresses) {
  private static final Path KERNEL_HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  public HostIdentity {
    addresses = Set.copyOf(addresses);
  }

  /**
   * This machine, without asking any name server.
   *
   * @throws IOException if the kernel does not tell
   */
  public static HostIdentity here() throws IOException {
    return new HostIdentity(Files.readString(KERNEL_HOST_NAME).strip(), interfaceAddresses());
  }

  private static Set<InetAddress> interfaceAddresses() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether the node is this machine: by its name, or by one of its addresses. */
  boolean is(Node node) {
    return isNamed(node.name()) || node.addresses().stream().anyMatch(this::has);
  }

  private boolean isNamed(String name) {
    int dot = hostName.indexOf('.');
    String shortName = dot < 0 ? hostName : hostName.substring(0, dot);
    return name.equalsIgnoreCase(hostName) || name.equalsIgnoreCase(shortName);
  }

  private boolean has(Address address) {
    if (isNamed(address.host())) {
      return true;
    }
    try {
      return Stream.of(InetAddress.getAllByName(address.host())).anyMatch(addresses::contains);
    } catch (UnknownHostException unknown) {
      // A name that nobody knows at this moment is another machine's, as far as can be told.
      return false;
    }
  }
}
