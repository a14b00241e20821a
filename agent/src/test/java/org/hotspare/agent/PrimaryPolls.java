package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.testing.Await;

/**
 * Asks the nodes in turn over HTTP whether they are primary, from one thread and with short pauses:
 * so a question mostly waits for a node when it goes on after it stood still.
 */
final class PrimaryPolls implements AutoCloseable {
  /** Long enough for a busy machine, and short beside a lease. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  private static final long PAUSE_NANOS = 50_000_000;

  /**
   * That a node said yes.
   *
   * @param askedNanos by which that was not asked yet
   * @param answeredNanos when it was answered
   */
  private record Yes(String node, long askedNanos, long answeredNanos) {}

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final Map<String, Integer> ports;
  private final Thread thread = Thread.ofPlatform().name("polls").unstarted(this::run);
  private volatile boolean closed;

  /** Guarded by itself, in the order of the answers. */
  private final List<Yes> yeses = new ArrayList<>();

  private PrimaryPolls(Map<String, Integer> ports) {
    this.ports = ports;
  }

  /**
   * @param ports of loopback on which the nodes answer
   */
  static PrimaryPolls start(Map<String, Integer> ports) {
    PrimaryPolls polls = new PrimaryPolls(ports);
    polls.thread.start();
    return polls;
  }

  private void run() {
    while (!closed) {
      ports.forEach(this::ask);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void ask(String node, int port) {
    URI at = URI.create("http://127.0.0.1:" + port + "/primary");
    HttpRequest request = HttpRequest.newBuilder(at).timeout(PATIENCE).build();
    long asked = System.nanoTime();
    try {
      if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
        synchronized (yeses) {
          yeses.add(new Yes(node, asked, System.nanoTime()));
        }
      }
    } catch (IOException e) {
      // It does not run, or stands still.
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private List<Yes> yeses() {
    synchronized (yeses) {
      return List.copyOf(yeses);
    }
  }

  /** Waits until a node says that it is. */
  void await(String node) throws InterruptedException {
    Await.await(
        node + " says over HTTP that it is primary",
        () -> yeses().stream().anyMatch(yes -> yes.node().equals(node)));
  }

  /** Ends it, where primary was first the one and then the other, and never both. */
  void assertMoved(String from, String to) throws InterruptedException {
    await(to);
    close();
    List<Yes> all = yeses();
    assertThat(all).extracting(Yes::node).contains(from);
    long first =
        all.stream().filter(yes -> yes.node().equals(to)).findFirst().orElseThrow().answeredNanos();
    assertThat(all)
        .filteredOn(yes -> yes.node().equals(from) && yes.askedNanos() - first > 0)
        .as("that %s was primary, after %s was at %d", from, to, first)
        .isEmpty();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.close();
  }
}
