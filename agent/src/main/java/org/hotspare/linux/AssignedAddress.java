package org.hotspare.linux;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * An address of a network interface, as it is or is to be.
 *
 * @param interfaceIndex see {@link NetworkLink#index}
 * @param flags of the constants of this class; others may be set besides
 * @param preferredSeconds for how long it is used for new connections of this host, unless it is
 *     asked for; {@link #FOREVER} or less than that
 * @param validSeconds after how long the kernel takes it away; {@link #FOREVER} or less
 * @param origin a number for who has put it there; 0 if that is not known, as before Linux 5.18
 */
public record AssignedAddress(
    int interfaceIndex,
    InetAddress address,
    int prefixLength,
    int flags,
    long preferredSeconds,
    long validSeconds,
    int origin) {
  public static final long FOREVER = 0xffff_ffffL;

  /** The kernel does not ask first whether somebody else has it. */
  public static final int NO_DUPLICATE_DETECTION = 0x02;

  /** No route to its network comes with it. */
  public static final int NO_PREFIX_ROUTE = 0x200;

  public boolean isPermanent() {
    return validSeconds == FOREVER;
  }

  boolean isIpv4() {
    return address instanceof Inet4Address;
  }
}
