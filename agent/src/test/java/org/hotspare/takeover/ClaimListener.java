package org.hotspare.takeover;

import java.util.List;
import org.hotspare.testing.Command;

/** {@code address_claims.py}: tells in the end who claimed the service's addresses, and when. */
final class ClaimListener implements AutoCloseable {
  private final Lines lines;

  ClaimListener(String namespace) {
    lines =
        new Lines(
            namespace,
            Command.script(
                "address_claims",
                "listen",
                AddressNetwork.INTERFACE,
                AddressNetwork.SERVICE4,
                AddressNetwork.SERVICE6));
    lines.next();
  }

  /** All claims that were heard, in order. */
  List<Heard> finish() {
    return lines.finish().stream().map(Heard::parse).toList();
  }

  /**
   * Somebody claimed an address.
   *
   * @param kind {@code request} or {@code reply} of ARP, or {@code advertisement}
   * @param nanos of CLOCK_MONOTONIC
   */
  record Heard(String kind, String address, String hardware, long nanos) {
    static Heard parse(String line) {
      String[] words = line.split(" ", -1);
      return new Heard(words[0], words[1], words[2], Long.parseLong(words[3]));
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
