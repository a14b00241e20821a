package org.hotspare.linux;

import java.net.InetAddress;

/**
 * A route to an IPv6 network that is reached over an interface, without a router.
 *
 * @param interfaceIndex see {@link NetworkLink#index}
 * @param network any address in it
 * @param metric of several routes to a network, that with the least is used
 * @param validSeconds after how long the kernel takes it away; {@link AssignedAddress#FOREVER} or
 *     less, at least 1
 * @param origin a number for who has put it there
 */
public record NetworkRoute(
    int interfaceIndex,
    InetAddress network,
    int prefixLength,
    int metric,
    long validSeconds,
    int origin) {
  public NetworkRoute {
    if (validSeconds < 1 || validSeconds > AssignedAddress.FOREVER) {
      throw new IllegalArgumentException("a lifetime of " + validSeconds + " s");
    }
  }

  boolean isPermanent() {
    return validSeconds == AssignedAddress.FOREVER;
  }
}
