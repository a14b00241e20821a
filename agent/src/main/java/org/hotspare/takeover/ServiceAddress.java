package org.hotspare.takeover;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An address under which clients reach the service, wherever it runs.
 *
 * @param prefixLength of its network, in bits
 */
public record ServiceAddress(InetAddress address, int prefixLength) {
  private static final Pattern PREFIXED = Pattern.compile("([0-9A-Fa-f:.]{2,45})/([0-9]{1,3})");

  public ServiceAddress {
    if (prefixLength < 0 || prefixLength > Byte.SIZE * address.getAddress().length) {
      throw new IllegalArgumentException(address.getHostAddress() + "/" + prefixLength);
    }
  }

  /**
   * @param text such as {@code 10.0.0.100/24} or {@code fd00::100/64}
   * @throws IllegalArgumentException for anything else, names included
   */
  public static ServiceAddress parse(String text) {
    Matcher parts = PREFIXED.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(text);
    }
    return new ServiceAddress(
        InetAddress.ofLiteral(parts.group(1)), Integer.parseInt(parts.group(2)));
  }

  boolean isIpv4() {
    return address instanceof Inet4Address;
  }

  /** Whether the other lies in the network that this one's prefix length tells. */
  boolean hasInNetwork(InetAddress other) {
    byte[] mine = address.getAddress();
    byte[] others = other.getAddress();
    if (mine.length != others.length) {
      return false;
    }
    for (int bit = 0; bit < prefixLength; bit++) {
      int mask = 0x80 >> bit % Byte.SIZE;
      if (((mine[bit / Byte.SIZE] ^ others[bit / Byte.SIZE]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return address.getHostAddress() + "/" + prefixLength;
  }
}
