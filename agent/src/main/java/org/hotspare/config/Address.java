package org.hotspare.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * Where something listens: a host (name, IPv4 or IPv6 address, without brackets) and a TCP port.
 */
public record Address(String host, int port) {
  public static final String EXPECTED = "HOST:PORT such as 10.0.0.1:7400 or [2001:db8::1]:7400";

  private static final Pattern IPV6 =
      Pattern.compile("[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,32})?");
  private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  private static final Pattern NUMERIC = Pattern.compile("[0-9.]+");
  private static final Pattern HOST_NAME =
      Pattern.compile(
          "(?=.{1,253}$)[A-Za-z0-9][A-Za-z0-9_-]{0,62}(\\.[A-Za-z0-9][A-Za-z0-9_-]{0,62})*\\.?");

  public Address {
    if (!isHost(host) || port < 1 || port > 65_535) {
      throw new IllegalArgumentException(host + ":" + port + " is not " + EXPECTED);
    }
  }

  /**
   * @throws IllegalArgumentException if the text is not {@link #EXPECTED}
   */
  public static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    // Without brackets the last group of an IPv6 address would pass for a port.
    if (colon < 0 || (!bracketed && host.contains(":"))) {
      throw new IllegalArgumentException("\"" + text + "\" is not " + EXPECTED);
    }
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
      if (!host.contains(":")) {
        throw new IllegalArgumentException("\"" + text + "\" is not " + EXPECTED);
      }
    }
    return new Address(host, port(text.substring(colon + 1), text));
  }

  /** The host; of an IPv6 address without the interface that is meant on one machine only. */
  public String hostWithoutZone() {
    return withoutZone(host);
  }

  public boolean isIpv6() {
    return host.contains(":");
  }

  /** Whether the host is an IP address, so that no name server is needed to find it. */
  public boolean isNumeric() {
    return isNumeric(host);
  }

  private static boolean isNumeric(String host) {
    return host.contains(":") || NUMERIC.matcher(host).matches();
  }

  /** Whether only this machine reaches it, as far as the text says: no name server is asked. */
  public boolean isLoopback() {
    return isLoopback(host);
  }

  /**
   * The same of a host alone.
   *
   * @param host as in a URL, where an IPv6 address is in brackets, or without them
   */
  public static boolean isLoopback(String host) {
    try {
      return isNumeric(host)
          ? InetAddress.getByName(host).isLoopbackAddress()
          : host.equals("localhost");
    } catch (UnknownHostException malformed) {
      return false;
    }
  }

  private static int port(String digits, String text) {
    if (digits.isEmpty()
        || digits.length() > 5
        || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new IllegalArgumentException("\"" + text + "\" is not " + EXPECTED);
    }
    return Integer.parseInt(digits);
  }

  private static boolean isHost(String host) {
    if (host.contains(":")) {
      return isIpv6Literal(host);
    }
    if (NUMERIC.matcher(host).matches()) {
      return isIpv4(host);
    }
    return HOST_NAME.matcher(host).matches();
  }

  private static boolean isIpv4(String host) {
    if (!IPV4.matcher(host).matches()) {
      return false;
    }
    for (String part : host.split("\\.", -1)) {
      if (Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6Literal(String host) {
    if (!IPV6.matcher(host).matches()) {
      return false;
    }
    try {
      // With a colon in it the text is taken as a literal: no name is ever looked up.
      return InetAddress.getByName(withoutZone(host)) != null;
    } catch (UnknownHostException malformed) {
      return false;
    }
  }

  private static String withoutZone(String host) {
    int zone = host.indexOf('%');
    return zone < 0 ? host : host.substring(0, zone);
  }

  @Override
  public String toString() {
    return (isIpv6() ? "[" + host + "]" : host) + ":" + port;
  }
}
