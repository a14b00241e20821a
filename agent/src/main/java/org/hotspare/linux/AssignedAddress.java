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
 * @param validSeconds after how long the kernel takes it away; {@link #FOREVER} or less; 0 for one
 *     that is about to go, which cannot be put
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

  /** Of IPv4: it came after another of its network, and goes or moves up when that one goes. */
  public static final int SECONDARY = 0x01;

  /** The kernel does not ask first whether somebody else has it. */
  public static final int NO_DUPLICATE_DETECTION = 0x02;

  /** Another machine had it when the kernel asked, so it is not used. */
  public static final int DUPLICATE = 0x08;

  /** It is not used yet, or never if it is a {@link #DUPLICATE}. */
  public static final int TENTATIVE = 0x40;

  /** No route to its network comes with it. */
  public static final int NO_PREFIX_ROUTE = 0x200;

  public AssignedAddress {
    if (preferredSeconds < 0 || preferredSeconds > validSeconds || validSeconds > FOREVER) {
      throw new IllegalArgumentException("lifetimes " + preferredSeconds + ", " + validSeconds);
    }
  }

  public boolean isPermanent() {
    return validSeconds == FOREVER;
  }

  boolean isIpv4() {
    return address instanceof Inet4Address;
  }
}
