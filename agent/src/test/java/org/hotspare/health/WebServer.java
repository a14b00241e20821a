package org.hotspare.health;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Takes connections on loopback and does with each what a test wants. */
final class WebServer implements AutoCloseable {
  /** What becomes of a connection; closed afterwards. */
  interface Manners {
    void serve(Conversation with) throws IOException;
  }

  private final ServerSocket listening;
  private final Manners manners;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Heads of requests. */
  final Queue<String> requests = new ConcurrentLinkedQueue<>();

  final AtomicInteger connections = new AtomicInteger();

  /** Connections that are over. */
  final AtomicInteger ended = new AtomicInteger();

  /** One connection. */
  final class Conversation {
    private final InputStream in;
    private final OutputStream out;

    private Conversation(Socket socket) throws IOException {
      this.in = socket.getInputStream();
      this.out = socket.getOutputStream();
    }

    /** Reads one request. */
    void hear() throws IOException {
      StringBuilder head = new StringBuilder();
      while (!head.toString().endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          throw new IOException("the client went away");
        }
        head.append((char) next);
      }
      requests.add(head.toString());
    }

    void say(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }

    /** The text a byte at a time, until it was said or the other side goes away. */
    void drip(String text, int millisBetween) throws IOException {
      for (int i = 0; i < text.length(); i++) {
        say(text.substring(i, i + 1));
        rest(millisBetween);
      }
    }

    /** Does nothing until the other side goes away. */
    void hang() throws IOException {
      while (in.read() >= 0) {
        Thread.onSpinWait();
      }
    }

    private void rest(int millis) throws IOException {
      try {
        if (closing.await(millis, TimeUnit.MILLISECONDS)) {
          throw new IOException("closed");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }

  private WebServer(ServerSocket listening, Manners manners) {
    this.listening = listening;
    this.manners = manners;
  }

  static WebServer start(Manners manners) throws IOException {
    return start(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()), manners);
  }

  static WebServer start(ServerSocket listening, Manners manners) {
    WebServer server = new WebServer(listening, manners);
    Thread.ofPlatform().name("web-server").daemon().start(server::accept);
    return server;
  }

  /** Answers each request with this, whole. */
  static WebServer saying(String answer) throws IOException {
    return start(
        with -> {
          with.hear();
          with.say(answer);
        });
  }

  int port() {
    return listening.getLocalPort();
  }

  String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket socket = listening.accept();
        open.add(socket);
        connections.incrementAndGet();
        Thread.ofVirtual().name("web-connection").start(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      manners.serve(new Conversation(socket));
    } catch (IOException gone) {
      // The client has had enough, or the test.
    } finally {
      ended.incrementAndGet();
      open.remove(socket);
    }
  }

  @Override
  public void close() throws IOException {
    closing.countDown();
    listening.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
