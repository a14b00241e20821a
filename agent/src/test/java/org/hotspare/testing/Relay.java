package org.hotspare.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A network between two nodes: passes connections on, counts what crosses, and can be cut. */
public final class Relay implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong connections = new AtomicLong();
  private final Object pausing = new Object();
  private boolean paused;

  private Relay(ServerSocket listening, int target) {
    this.listening = listening;
    this.target = target;
  }

  /**
   * @param target the port on loopback that connections are passed on to
   */
  public static Relay to(int target) throws IOException {
    Relay relay = new Relay(new ServerSocket(0, 16, InetAddress.getLoopbackAddress()), target);
    Thread.ofPlatform().name("relay").daemon().start(relay::accept);
    return relay;
  }

  public int port() {
    return listening.getLocalPort();
  }

  /** Bytes that crossed so far, both ways. */
  public long bytes() {
    return bytes.get();
  }

  /** Connections that were passed on so far. */
  public long connections() {
    return connections.get();
  }

  /** Passes nothing on until {@link #resume}. */
  public void pause() {
    synchronized (pausing) {
      paused = true;
    }
  }

  public void resume() {
    synchronized (pausing) {
      paused = false;
      pausing.notifyAll();
    }
  }

  private void awaitResumed() throws IOException {
    synchronized (pausing) {
      try {
        while (paused && !listening.isClosed()) {
          pausing.wait(100);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }

  /** Ends every connection; new ones are passed on. */
  public void drop() {
    open.forEach(Relay::end);
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket here = listening.accept();
        open.add(here);
        Socket there = new Socket();
        open.add(there);
        try {
          there.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 5000);
        } catch (IOException refused) {
          end(here);
          continue;
        }
        connections.incrementAndGet();
        Thread.ofPlatform().daemon().start(() -> pass(here, there));
        Thread.ofPlatform().daemon().start(() -> pass(there, here));
      } catch (IOException closed) {
        drop();
      }
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[64 << 10];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        awaitResumed();
        out.write(buffer, 0, count);
        bytes.addAndGet(count);
      }
    } catch (IOException cut) {
      // The other direction ends with this one.
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // A socket that cannot be closed is closed.
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    drop();
  }
}
