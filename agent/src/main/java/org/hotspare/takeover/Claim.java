package org.hotspare.takeover;

import java.net.InetAddress;
import org.hotspare.linux.HardwareAddress;

/** A machine on the network said that it has the address. */
public record Claim(InetAddress address, HardwareAddress by) {
  @Override
  public String toString() {
    return address.getHostAddress() + " at " + by;
  }
}
