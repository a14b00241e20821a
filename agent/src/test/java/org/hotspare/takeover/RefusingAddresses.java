package org.hotspare.takeover;

import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hotspare.linux.AssignedAddress;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Rtnetlink;

/** The kernel, which refuses what it is told to. */
final class RefusingAddresses extends LinkAddresses {
  private static final int NO_INTERFACE = Integer.MAX_VALUE;

  /** Such as {@code put 10.0.0.1}, {@code hold 10.0.0.1} or {@code remove 10.0.0.1}. */
  private final Set<String> refused = ConcurrentHashMap.newKeySet();

  private final Rtnetlink netlink;

  RefusingAddresses(String interfaceName, Rtnetlink netlink) {
    super(interfaceName, netlink);
    this.netlink = netlink;
  }

  /** From now on, any thread. */
  void refuse(String change, String address) {
    refused.add(change + " " + InetAddress.ofLiteral(address));
  }

  void refuseNothing() {
    refused.clear();
  }

  @Override
  void putAssigned(AssignedAddress wanted) throws LinuxException {
    refuseIfTold("put", wanted);
    if (wanted.isPermanent()) {
      refuseIfTold("hold", wanted);
    }
    super.putAssigned(wanted);
  }

  @Override
  boolean removeAssigned(AssignedAddress assigned) throws LinuxException {
    refuseIfTold("remove", assigned);
    return super.removeAssigned(assigned);
  }

  private void refuseIfTold(String change, AssignedAddress address) throws LinuxException {
    if (refused.contains(change + " " + address.address())) {
      netlink.put(
          new AssignedAddress(NO_INTERFACE, address.address(), 1, 0, 1, 1, address.origin()));
      throw new IllegalStateException("there is such an interface");
    }
  }
}
