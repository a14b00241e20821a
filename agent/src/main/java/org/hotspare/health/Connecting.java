package org.hotspare.health;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;

/** Opens TCP connections that end when the look they are for is given up. */
final class Connecting {
  /** After a stall of this process there may seem to be nothing left. */
  private static final long LEAST_SHARE_MILLIS = 50;

  private Connecting() {}

  /**
   * Connects to the first of the host's addresses that takes it. One that does not answer takes no
   * more than its share of the time that is left; the last one waits until the look is given up.
   *
   * @param host a name or an address, IPv6 without brackets
   * @throws IOException why the last of them did not, and rather of one that was asked than of one
   *     that this machine cannot ask
   */
  static Socket to(String host, int port, Attempt attempt) throws IOException {
    attempt.at("finding the addresses of " + host);
    return to(InetAddress.getAllByName(host), port, attempt);
  }

  static Socket to(InetAddress[] addresses, int port, Attempt attempt) throws IOException {
    IOException why = null;
    String by = "";
    for (int i = 0; i < addresses.length; i++) {
      InetSocketAddress address = new InetSocketAddress(addresses[i], port);
      String doing = "connecting to " + text(address);
      attempt.at(doing);
      int left = addresses.length - i;
      try {
        return to(address, left == 1 ? 0 : shareMillis(attempt, left), attempt);
      } catch (IOException failed) {
        if (attempt.isGivenUp()) {
          throw failed;
        }
        if (why == null || !OwnError.is(failed)) {
          why = failed;
          by = doing;
        }
      }
    }
    if (why == null) {
      throw new UnknownHostException("no address");
    }
    attempt.at(by);
    throw why;
  }

  private static int shareMillis(Attempt attempt, int addresses) {
    long share = attempt.left().toMillis() / addresses;
    return Math.toIntExact(Math.max(LEAST_SHARE_MILLIS, share));
  }

  /**
   * @param timeoutMillis 0 for none: when the time of the look is over, the socket is closed
   */
  private static Socket to(InetSocketAddress address, int timeoutMillis, Attempt attempt)
      throws IOException {
    Socket socket = new Socket();
    try {
      attempt.endBy(() -> end(socket));
      socket.connect(address, timeoutMillis);
      if (socket.getLocalSocketAddress().equals(address)) {
        // A port of this machine where nobody listens, and which the kernel chose for this end.
        throw new IOException("Connection refused");
      }
      return socket;
    } catch (SocketTimeoutException slow) {
      socket.close();
      throw new IOException("no answer from " + text(address), slow);
    } catch (IOException failed) {
      socket.close();
      throw failed;
    }
  }

  /** Goes through a failure once: to a port of this machine where nobody listens. */
  static void rehearse() {
    Attempt attempt = new Attempt(Duration.ofSeconds(1), System.nanoTime());
    InetAddress here = InetAddress.getLoopbackAddress();
    try {
      to(new InetAddress[] {here}, closedPort(here), attempt).close();
    } catch (IOException expected) {
      attempt.giveUp();
      attempt.failed(expected);
    }
  }

  private static int closedPort(InetAddress here) throws IOException {
    try (ServerSocket closed = new ServerSocket(0, 1, here)) {
      return closed.getLocalPort();
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
