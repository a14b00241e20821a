package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hotspare.failover.Report;
import org.hotspare.tree.Bytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exchanges reports with every other node, every now and then and whenever it is asked to, which is
 * when there is something that the others have to know.
 */
final class Reporting implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reporting.class);

  /** How often one that did not answer is asked again. */
  private static final Duration AGAIN = Duration.ofMillis(250);

  /** The other asks as often, so that twice as many reports come. */
  private static final Duration SELDOM = Duration.ofSeconds(2);

  /** Who did not answer for longer cannot be heard. */
  private static final long HEARD_WITHIN_NANOS = 4_000_000_000L;

  /** Who is told what another node reported. */
  @FunctionalInterface
  interface Hearing {
    void hear(String node, ReportCodec.Told told);
  }

  private final Membership membership;
  private final Supplier<Report> own;
  private final Hearing hearing;

  /** How often one that answers is asked. */
  private final Duration every;

  private final List<Exchange> exchanges = new ArrayList<>();
  private volatile boolean closed;

  /**
   * @param fresh for how long what somebody said counts
   */
  Reporting(
      Membership membership,
      Collection<String> others,
      Duration fresh,
      Supplier<Report> own,
      Hearing hearing) {
    this.membership = membership;
    Duration half = fresh.dividedBy(2);
    this.every = half.compareTo(SELDOM) < 0 ? half : SELDOM;
    this.own = own;
    this.hearing = hearing;
    others.forEach(node -> exchanges.add(new Exchange(node)));
  }

  void start() {
    exchanges.forEach(exchange -> exchange.thread.start());
  }

  /** Asks all at once. */
  void now() {
    exchanges.forEach(exchange -> exchange.due.release());
  }

  /** Those that can be heard at this moment. */
  Set<String> heard() {
    long now = System.nanoTime();
    return exchanges.stream()
        .filter(exchange -> exchange.answered && now - exchange.answeredNanos < HEARD_WITHIN_NANOS)
        .map(exchange -> exchange.node)
        .collect(Collectors.toSet());
  }

  private final class Exchange {
    private final String node;
    private volatile long answeredNanos;
    private volatile boolean answered;
    private final Semaphore due = new Semaphore(0);
    private final Thread thread;

    Exchange(String node) {
      this.node = node;
      this.thread = Thread.ofPlatform().daemon().name("report-" + node).unstarted(this::run);
    }

    private void run() {
      try {
        while (!closed) {
          Duration rest = exchange() ? every : AGAIN;
          var _ = due.tryAcquire(rest.toNanos(), TimeUnit.NANOSECONDS);
          due.drainPermits();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** Answers whether the other did. */
    private boolean exchange() {
      try {
        Bytes told = ReportCodec.encode(own.get(), membership.record().founding());
        hearing.hear(node, ReportCodec.decode(membership.report(node, told)));
        answeredNanos = System.nanoTime();
        answered = true;
        return true;
      } catch (IOException e) {
        // That nothing was heard for a while is what counts.
        LOG.debug("no report of {}: {}", node, e.getMessage());
      } catch (RuntimeException e) {
        LOG.error("exchanging reports with {} failed; trying again", node, e);
      }
      return false;
    }
  }

  @Override
  public void close() {
    closed = true;
    exchanges.forEach(exchange -> exchange.thread.interrupt());
  }
}
