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
  /** Four numbers, or what has a colon: Java also takes 10.100 for 10.0.0.100. */
  private static final Pattern PREFIXED =
      Pattern.compile(
          "([0-9]{1,3}(?:[.][0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]{1,45})/([0-9]{1,3})");

  /**
   * @throws IllegalArgumentException for what is not the address of one machine in a network: one
   *     of a group, of any or of this machine, and a prefix length of 0, which would be everything
   */
  public ServiceAddress {
    if (prefixLength < 1
        || prefixLength > Byte.SIZE * address.getAddress().length
        || address.isMulticastAddress()
        || address.isAnyLocalAddress()
        || address.isLoopbackAddress()) {
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
