package org.hotspare.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes connections and makes links of those that come from nodes of the cluster. Who has not shown
 * a certificate yet costs little: few at once, few from one address, and each for a short time.
 */
public final class Listener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  /** Connections that are not links yet. */
  static final int PENDING = 64;

  static final int PENDING_PER_ADDRESS = 16;
  private static final int BACKLOG = 128;

  private final ServerSocket socket;
  private final Certificates certificates;
  private final Predicate<String> nodes;
  private final Doorkeeper doorkeeper;
  private final LinkOptions options;
  private final Duration deadline;
  private final Consumer<Link> handler;
  private final Places places = new Places();
  private final RefusalLog refusals = new RefusalLog();
  private final Set<Socket> pending = ConcurrentHashMap.newKeySet();

  private Listener(
      ServerSocket socket,
      Certificates certificates,
      Predicate<String> nodes,
      Doorkeeper doorkeeper,
      LinkOptions options,
      Duration deadline,
      Consumer<Link> handler) {
    this.socket = socket;
    this.certificates = certificates;
    this.nodes = nodes;
    this.doorkeeper = doorkeeper;
    this.options = options;
    this.deadline = deadline;
    this.handler = handler;
  }

  /**
   * Binds the address and takes connections from now on.
   *
   * @param nodes whose links are taken; asked at every connection
   * @param handler given each link on a thread of its own; the link is the handler's
   */
  public static Listener start(
      InetSocketAddress address,
      Certificates certificates,
      Predicate<String> nodes,
      Doorkeeper doorkeeper,
      LinkOptions options,
      Consumer<Link> handler)
      throws IOException {
    return start(address, certificates, nodes, doorkeeper, options, LinkOptions.HANDSHAKE, handler);
  }

  static Listener start(
      InetSocketAddress address,
      Certificates certificates,
      Predicate<String> nodes,
      Doorkeeper doorkeeper,
      LinkOptions options,
      Duration deadline,
      Consumer<Link> handler)
      throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      // So that an agent that was restarted gets its port back while old connections die.
      socket.setReuseAddress(true);
      socket.bind(address, BACKLOG);
    } catch (IOException e) {
      socket.close();
      throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
    }
    Listener listener =
        new Listener(socket, certificates, nodes, doorkeeper, options, deadline, handler);
    Thread.ofVirtual().name("listener").start(listener::acceptAll);
    return listener;
  }

  /** Where it listens, with the port that was chosen if 0 was asked for. */
  public InetSocketAddress address() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  private void acceptAll() {
    Backoff backoff =
        new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1), new java.util.SplittableRandom());
    while (!socket.isClosed()) {
      try {
        accept(socket.accept());
        backoff.reset();
      } catch (IOException e) {
        if (!socket.isClosed()) {
          LOG.warn("cannot take a connection: {}", e.getMessage());
          pause(backoff.next());
        }
      }
    }
  }

  /** Out of descriptors, most likely: trying again at once would only burn the processor. */
  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept(Socket connection) throws IOException {
    InetAddress from = connection.getInetAddress();
    if (!places.take(from)) {
      LOG.debug("too many unfinished connections, one from {} is closed", from.getHostAddress());
      connection.close();
      return;
    }
    pending.add(connection);
    // No virtual thread: it goes on to read the link, and each frame that one waits for wakes three
    // threads of the platform.
    Thread.ofPlatform()
        .daemon()
        .name("connection-" + from.getHostAddress())
        .start(() -> greet(connection));
  }

  private void greet(Socket connection) {
    InetAddress from = connection.getInetAddress();
    Optional<Link> link = Optional.empty();
    try {
      link = handshake(connection);
    } catch (IOException e) {
      refusals.log(from, e);
    } finally {
      pending.remove(connection);
      places.give(from);
      if (link.isEmpty()) {
        closeQuietly(connection);
      }
    }
    link.ifPresent(handler);
  }

  private Optional<Link> handshake(Socket connection) throws IOException {
    FutureTask<Optional<Link>> handshake =
        new FutureTask<>(
            () -> Handshake.asServer(connection, certificates, nodes, doorkeeper, options));
    Thread.ofVirtual().name("handshake").start(handshake);
    return Deadline.await(handshake, connection, deadline);
  }

  /** Stops taking connections; links that there are stay. */
  @Override
  public void close() {
    try {
      socket.close();
    } catch (SocketException closed) {
      LOG.debug("closing the listener: {}", closed.getMessage());
    } catch (IOException e) {
      LOG.warn("closing the listener: {}", e.getMessage());
    }
    pending.forEach(Listener::closeQuietly);
  }

  private static void closeQuietly(Socket connection) {
    try {
      connection.close();
    } catch (IOException e) {
      LOG.debug("closing a connection: {}", e.getMessage());
    }
  }

  /** Says who was refused and why, but lets nobody fill the log. */
  private static final class RefusalLog {
    private static final int PER_MINUTE = 20;

    private long minute;
    private int count;

    synchronized void log(InetAddress from, IOException reason) {
      long now = TimeUnit.NANOSECONDS.toMinutes(System.nanoTime());
      if (now != minute) {
        minute = now;
        count = 0;
      }
      count++;
      if (count <= PER_MINUTE) {
        LOG.warn("connection from {} refused: {}", from.getHostAddress(), reason.getMessage());
      } else {
        LOG.debug("connection from {} refused: {}", from.getHostAddress(), reason.getMessage());
      }
      if (count == PER_MINUTE) {
        LOG.warn("further refused connections of this minute are not logged");
      }
    }
  }

  /** How many connections are unfinished, in all and from each address. */
  static final class Places {
    private final Map<InetAddress, Integer> taken = new HashMap<>();
    private int total;

    synchronized boolean take(InetAddress from) {
      int mine = taken.getOrDefault(from, 0);
      if (total >= PENDING || mine >= PENDING_PER_ADDRESS) {
        return false;
      }
      taken.put(from, mine + 1);
      total++;
      return true;
    }

    synchronized void give(InetAddress from) {
      taken.computeIfPresent(from, (address, count) -> count == 1 ? null : count - 1);
      total--;
    }
  }
}
