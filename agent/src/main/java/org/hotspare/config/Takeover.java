package org.hotspare.config;

import java.util.List;

/**
 * What a promotion does to the machine.
 *
 * @param networkInterface where the service addresses go; empty if each node names its own
 * @param addresses service addresses with their prefix length, {@code 10.0.0.100/24}
 * @param ports TCP ports that are gated on every local address
 */
public record Takeover(
    String networkInterface, List<String> addresses, List<Integer> ports, List<Service> services) {
  public static final Takeover NONE = new Takeover("", List.of(), List.of(), List.of());

  public Takeover {
    addresses = List.copyOf(addresses);
    ports = List.copyOf(ports);
    services = List.copyOf(services);
  }
}
