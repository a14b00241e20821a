package org.hotspare.linux;

import java.util.Optional;

/**
 * A network interface as it is now.
 *
 * @param index its number; one that is made again under the same name has another
 * @param up whether it was set up, by configuration
 * @param carrier whether there is something at the other end
 * @param loopback whether it leads nowhere but here
 * @param hardware its address; empty where it is not Ethernet
 */
public record NetworkLink(
    String name,
    int index,
    boolean up,
    boolean carrier,
    boolean loopback,
    Optional<HardwareAddress> hardware) {}
