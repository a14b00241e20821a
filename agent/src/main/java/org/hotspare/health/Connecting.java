package org.hotspare.health;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Opens TCP connections that end when the look they are for is given up. */
final class Connecting {
  private Connecting() {}

  /**
   * Connects to the first of the host's addresses that takes it.
   *
   * @param host a name or an address, IPv6 without brackets
   * @throws IOException why the last of them did not
   */
  static Socket to(String host, int port, Attempt attempt) throws IOException {
    attempt.at("finding the addresses of " + host);
    InetAddress[] addresses = InetAddress.getAllByName(host);
    for (int i = 0; ; i++) {
      InetSocketAddress address = new InetSocketAddress(addresses[i], port);
      attempt.at("connecting to " + text(address));
      try {
        return to(address, attempt);
      } catch (IOException failed) {
        if (i == addresses.length - 1 || attempt.isGivenUp()) {
          throw failed;
        }
      }
    }
  }

  private static Socket to(InetSocketAddress address, Attempt attempt) throws IOException {
    Socket socket = new Socket();
    try {
      attempt.endBy(() -> end(socket));
      // Without a timeout: when that of the look is over, the socket is closed.
      socket.connect(address);
      if (socket.getLocalSocketAddress().equals(address)) {
        // A port of this machine where nobody listens, and which the kernel chose for this end.
        throw new IOException("Connection refused");
      }
      return socket;
    } catch (IOException failed) {
      socket.close();
      throw failed;
    }
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // A socket that cannot be closed is closed.
    }
  }
}
