package org.hotspare.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.FutureTask;

/**
 * Connects to a node at the first of its addresses that answers.
 *
 * @param connectTimeout for the TCP connection to one address
 * @param handshakeTimeout for all that follows until it is a link
 */
public record Connector(
    Certificates certificates,
    LinkOptions options,
    Duration connectTimeout,
    Duration handshakeTimeout) {
  private static final Duration CONNECT = Duration.ofSeconds(3);

  public Connector(Certificates certificates, LinkOptions options) {
    this(certificates, options, CONNECT, LinkOptions.HANDSHAKE);
  }

  /** What is said over a fresh connection. */
  @FunctionalInterface
  interface Conversation<T> {
    T over(Socket connection) throws IOException;
  }

  /**
   * @param addresses in the order to try; unresolved ones are looked up each time
   * @throws RefusedException if the node does not want this link, and says why
   * @throws IOException if none of them comes to a link: what happened at each
   */
  public Link connect(String node, List<InetSocketAddress> addresses) throws IOException {
    return firstOf(
        node,
        addresses,
        connectTimeout,
        handshakeTimeout,
        connection -> Handshake.asClient(connection, certificates, node, options));
  }

  static <T> T firstOf(
      String node,
      List<InetSocketAddress> addresses,
      Duration connectTimeout,
      Duration handshakeTimeout,
      Conversation<T> conversation)
      throws IOException {
    StringJoiner problems = new StringJoiner("; ");
    IOException last = new IOException("no addresses");
    for (InetSocketAddress address : addresses) {
      try {
        for (InetSocketAddress resolved : resolve(address)) {
          try {
            return converse(resolved, connectTimeout, handshakeTimeout, conversation);
          } catch (RefusedException e) {
            // It is the right node, and it will not say anything else at its other addresses.
            throw e;
          } catch (IOException e) {
            problems.add(text(resolved) + ": " + e.getMessage());
            last = e;
          }
        }
      } catch (UnknownHostException e) {
        problems.add(text(address) + ": unknown host");
        last = e;
      }
    }
    throw new IOException("cannot reach node " + node + ": " + problems, last);
  }

  /** Every address that a name has. */
  private static List<InetSocketAddress> resolve(InetSocketAddress address)
      throws UnknownHostException {
    if (!address.isUnresolved()) {
      return List.of(address);
    }
    return Arrays.stream(InetAddress.getAllByName(address.getHostString()))
        .map(host -> new InetSocketAddress(host, address.getPort()))
        .toList();
  }

  private static String text(InetSocketAddress address) {
    return address.getHostString() + ":" + address.getPort();
  }

  private static <T> T converse(
      InetSocketAddress address,
      Duration connectTimeout,
      Duration handshakeTimeout,
      Conversation<T> conversation)
      throws IOException {
    Socket connection = new Socket();
    try {
      connection.connect(address, Math.toIntExact(connectTimeout.toMillis()));
    } catch (IOException e) {
      connection.close();
      throw e;
    }
    FutureTask<T> task = new FutureTask<>(() -> conversation.over(connection));
    Thread.ofVirtual().name("handshake").start(task);
    return Deadline.await(task, connection, handshakeTimeout);
  }
}
