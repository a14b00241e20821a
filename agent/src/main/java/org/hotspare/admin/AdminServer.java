package org.hotspare.admin;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers commands on the Unix socket {@code agent.sock} of the state directory, which only its
 * owner may connect to. One request a connection: a line of JSON, answered by lines of JSON of
 * which the last has {@code "done":true} and the command's exit status.
 */
public final class AdminServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final int MAX_CONNECTIONS = 64;

  private final Path socket;
  private final ServerSocketChannel server;
  private final Operations operations;
  private final EventLog events;
  private final Set<Thread> connections = ConcurrentHashMap.newKeySet();

  private AdminServer(
      Path socket, ServerSocketChannel server, Operations operations, EventLog events) {
    this.socket = socket;
    this.server = server;
    this.operations = operations;
    this.events = events;
  }

  /**
   * Listens, once it returns.
   *
   * @param state an existing directory that only its owner may enter
   * @throws IOException if another agent answers there already, or the socket cannot be made
   */
  public static AdminServer start(Path state, Operations operations, EventLog events)
      throws IOException {
    Path socket = AdminSocket.in(state);
    if (someoneAnswers(socket)) {
      throw new IOException("another agent is running with the state directory " + state);
    }
    // Under its own name it appears with its final mode, and takes the place of a dead one at once.
    Path fresh = socket.resolveSibling(socket.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(fresh));
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
      Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException failure) {
      server.close();
      throw failure;
    }
    AdminServer admin = new AdminServer(socket, server, operations, events);
    Thread.ofVirtual().name("admin").start(admin::accept);
    return admin;
  }

  private static boolean someoneAnswers(Path socket) {
    if (!Files.exists(socket)) {
      return false;
    }
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return probe.isConnected();
    } catch (IOException left) {
      // Nobody listens: the file was left by an agent that was killed.
      return false;
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        serve(server.accept());
      } catch (AsynchronousCloseException closed) {
        return;
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException failure) {
        LOG.error("Commands cannot reach this agent any more: {}", failure.toString());
        return;
      }
    }
  }

  private void serve(SocketChannel channel) throws IOException {
    if (connections.size() >= MAX_CONNECTIONS) {
      LOG.warn("More than {} commands at once: one was turned away", MAX_CONNECTIONS);
      channel.close();
      return;
    }
    Thread thread =
        Thread.ofVirtual()
            .name("admin-command")
            .unstarted(
                () -> {
                  try (channel) {
                    new AdminConnection(channel, operations, events).serve();
                  } catch (IOException gone) {
                    LOG.debug("A command went away: {}", gone.toString());
                  } finally {
                    connections.remove(Thread.currentThread());
                  }
                });
    connections.add(thread);
    thread.start();
  }

  /** Stops listening and ends the commands under way. */
  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
    connections.forEach(Thread::interrupt);
  }
}
