package org.hotspare.agent;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hotspare.failover.Report;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Exchanges reports with every other node, every now and then and whenever it is asked to. */
final class Reporting implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reporting.class);
  private static final long EVERY_MILLIS = 250;

  /** Who did not answer for longer cannot be heard. */
  private static final long HEARD_WITHIN_NANOS = 3_000_000_000L;

  /** Who is told what another node reported. */
  @FunctionalInterface
  interface Hearing {
    void hear(String node, Report report);
  }

  private final Membership membership;
  private final Supplier<Report> own;
  private final Hearing hearing;
  private final List<Exchange> exchanges = new ArrayList<>();
  private volatile boolean closed;

  Reporting(
      Membership membership, Collection<String> others, Supplier<Report> own, Hearing hearing) {
    this.membership = membership;
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
      this.thread = Thread.ofVirtual().name("report-" + node).unstarted(this::run);
    }

    private void run() {
      try {
        while (!closed) {
          exchange();
          var _ = due.tryAcquire(EVERY_MILLIS, TimeUnit.MILLISECONDS);
          due.drainPermits();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void exchange() {
      try {
        hearing.hear(
            node, ReportCodec.decode(membership.report(node, ReportCodec.encode(own.get()))));
        answeredNanos = System.nanoTime();
        answered = true;
      } catch (IOException e) {
        // That nothing was heard for a while is what counts.
        LOG.debug("no report of {}: {}", node, e.getMessage());
      } catch (RuntimeException e) {
        LOG.error("exchanging reports with {} failed; trying again", node, e);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    exchanges.forEach(exchange -> exchange.thread.interrupt());
  }
}
