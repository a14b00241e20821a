package org.hotspare.lease;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.tree.Bytes;
import org.hotspare.wire.Backoff;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A link to every other member of the cluster, made again whenever it is lost, over which this one
 * asks; and the answers to what the others ask over theirs.
 */
public final class PeerLinks implements Peers, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLinks.class);
  private static final Duration FIRST_RETRY = Duration.ofMillis(50);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(1);

  /** A connection that the other side did not end for something that was said. */
  private static final Duration LASTING = Duration.ofSeconds(2);

  /** Calls over one link that are being answered at the same time. */
  private static final int ANSWERED_AT_ONCE = 32;

  /** What is said about the lease and waits to be sent to one member. */
  private static final int UNSENT = 64;

  /** How a link to another member is made. */
  @FunctionalInterface
  public interface Connecting {
    Link connect(String node) throws IOException;
  }

  /** Who hears what others say about the lease. */
  @FunctionalInterface
  public interface Hearing {
    /** Must not block. */
    void hear(String from, Frame.Lease lease);
  }

  /** What this member says to a call. */
  @FunctionalInterface
  public interface Answering {
    /**
     * @param from who asks, as its certificate says
     * @throws IOException with what the other side is told
     */
    Bytes answer(String from, Frame.Subject subject, Bytes content) throws IOException;
  }

  private final Connecting connecting;
  private final Answering answering;
  private final Hearing hearing;
  private final Duration patience;
  private final Map<String, Outgoing> outgoing = new TreeMap<>();
  private final ExecutorService workers =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("answer-", 0).factory());
  private volatile boolean closed;

  /**
   * @param patience how long a call may take
   */
  public PeerLinks(
      Set<String> others,
      Connecting connecting,
      Answering answering,
      Hearing hearing,
      Duration patience) {
    this.connecting = connecting;
    this.answering = answering;
    this.hearing = hearing;
    this.patience = patience;
    others.forEach(node -> outgoing.put(node, new Outgoing(node)));
  }

  /** Connects from now on. */
  public void start() {
    outgoing.values().forEach(Outgoing::start);
  }

  @Override
  public Bytes call(String node, Frame.Subject subject, Bytes content) throws IOException {
    Outgoing peer = outgoing.get(node);
    if (peer == null) {
      throw new IOException("node " + node + " is no member");
    }
    return peer.call(subject, content);
  }

  /** Says something about the lease, or loses it. Never blocks. */
  void send(String node, Frame.Lease lease) {
    Outgoing peer = outgoing.get(node);
    if (peer != null) {
      peer.say(lease);
    }
  }

  /**
   * Hears and answers what another member says over a link that it made, until that ends. What
   * takes long to answer, as it does while a disk is busy, keeps no word about the lease waiting.
   *
   * @param first what it said first
   */
  public void serve(Link link, Frame first) throws IOException {
    Semaphore places = new Semaphore(ANSWERED_AT_ONCE);
    Frame frame = first;
    while (!closed) {
      switch (frame) {
        case Frame.Lease lease -> hearing.hear(link.peer(), lease);
        case Frame.Call call -> {
          if (!places.tryAcquire()) {
            link.sendNow(new Frame.CallFailed(call.id(), "too many calls at once"));
          } else {
            workers.execute(
                () -> {
                  try {
                    answer(link, call);
                  } finally {
                    places.release();
                  }
                });
          }
        }
        default -> {
          link.close("expected a call, or a word about the lease");
          return;
        }
      }
      frame = link.receive();
    }
  }

  private void answer(Link link, Frame.Call call) {
    Frame reply;
    try {
      reply =
          new Frame.Answered(
              call.id(), answering.answer(link.peer(), call.subject(), call.content()));
    } catch (IOException e) {
      reply = new Frame.CallFailed(call.id(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("a call of {} about {} could not be answered", link, call.subject(), e);
      reply = new Frame.CallFailed(call.id(), "failed: " + e);
    }
    try {
      link.sendNow(reply);
    } catch (IOException e) {
      // Whoever receives on this link meets the same.
      LOG.debug("answering {}: {}", link, e.getMessage());
    }
  }

  @Override
  public void close() {
    closed = true;
    outgoing.values().forEach(Outgoing::close);
    workers.shutdownNow();
  }

  /** The link to one other member. */
  private final class Outgoing {
    private final String node;
    private final AtomicLong lastId = new AtomicLong();
    private final Map<Long, CompletableFuture<Bytes>> open = new ConcurrentHashMap<>();
    private final BlockingQueue<Frame.Lease> unsent = new ArrayBlockingQueue<>(UNSENT);
    private final Thread thread;
    private final Thread speaker;
    private volatile @Nullable Link link;

    Outgoing(String node) {
      this.node = node;
      this.thread = Thread.ofPlatform().daemon().name("peer-" + node).unstarted(this::keep);
      this.speaker = Thread.ofPlatform().daemon().name("speak-" + node).unstarted(this::speak);
    }

    void start() {
      thread.start();
      speaker.start();
    }

    /** The newest words count. */
    void say(Frame.Lease lease) {
      while (link != null && !unsent.offer(lease)) {
        unsent.poll();
      }
    }

    private void speak() {
      try {
        while (!closed) {
          Frame.Lease next = unsent.take();
          Link over = link;
          if (over != null) {
            say(over, next);
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private static void say(Link over, Frame.Lease lease) {
      try {
        over.sendNow(lease);
      } catch (IOException e) {
        // Whoever receives on this link meets the same, and makes another.
        LOG.debug("to {}: {}", over, e.getMessage());
      }
    }

    private void keep() {
      Backoff backoff = new Backoff(FIRST_RETRY, LONGEST_RETRY, new SplittableRandom());
      try {
        while (!closed) {
          long started = System.nanoTime();
          try (Link made = connecting.connect(node)) {
            LOG.debug("connected to {}", made);
            link = made;
            receive(made);
          } catch (IOException e) {
            LOG.debug("member {}: {}", node, e.getMessage());
          } finally {
            link = null;
            fail();
          }
          if (System.nanoTime() - started > LASTING.toNanos()) {
            backoff.reset();
          }
          if (!closed) {
            Thread.sleep(backoff.next());
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void receive(Link from) throws IOException {
      while (!closed) {
        switch (from.receive()) {
          case Frame.Answered answered -> {
            CompletableFuture<Bytes> asked = open.remove(answered.id());
            if (asked != null) {
              asked.complete(answered.content());
            }
          }
          case Frame.CallFailed failed -> {
            CompletableFuture<Bytes> asked = open.remove(failed.id());
            if (asked != null) {
              asked.completeExceptionally(new IOException(node + ": " + failed.reason()));
            }
          }
          default -> {
            from.close("expected an answer");
            return;
          }
        }
      }
    }

    /** Nobody will answer any more what is open. */
    private void fail() {
      for (Long id : List.copyOf(open.keySet())) {
        CompletableFuture<Bytes> asked = open.remove(id);
        if (asked != null) {
          asked.completeExceptionally(new IOException("the connection to " + node + " was lost"));
        }
      }
    }

    Bytes call(Frame.Subject subject, Bytes content) throws IOException {
      Link over = link;
      if (over == null) {
        throw new IOException("member " + node + " is not connected");
      }
      long id = lastId.incrementAndGet();
      CompletableFuture<Bytes> asked = new CompletableFuture<>();
      open.put(id, asked);
      try {
        over.sendNow(new Frame.Call(id, subject, content));
        if (link != over) {
          throw new IOException("the connection to " + node + " was lost");
        }
        return asked.get(patience.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        throw new IOException(
            "no answer from %s within %d ms".formatted(node, patience.toMillis()), e);
      } catch (ExecutionException e) {
        throw new IOException(Objects.requireNonNull(e.getCause()).getMessage(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } finally {
        open.remove(id);
      }
    }

    void close() {
      thread.interrupt();
      speaker.interrupt();
      Link made = link;
      if (made != null) {
        made.close();
      }
    }
  }
}
