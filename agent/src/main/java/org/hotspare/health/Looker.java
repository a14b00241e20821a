package org.hotspare.health;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.hotspare.health.Outcome.Unable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that looks, for one check. A platform thread: to find a name, to start a program and
 * to write to a disk block in native code, where a virtual one would keep one of the few carriers
 * from all others.
 */
final class Looker {
  private static final Logger LOG = LoggerFactory.getLogger(Looker.class);

  private final String name;
  private final Probe probe;
  private final Answers answers;
  private final BlockingQueue<Attempt> next = new ArrayBlockingQueue<>(1);
  private final Thread thread;

  /** Where answers go to. */
  interface Answers {
    /**
     * It can begin to look.
     *
     * @param unable what it could not get ready; empty where that does not matter
     */
    void ready(Looker now, Optional<Unable> unable);

    void answered(Looker by, Outcome outcome);
  }

  Looker(String name, Probe probe, Answers answers) {
    this.name = name;
    this.probe = probe;
    this.answers = answers;
    this.thread = Thread.ofPlatform().name("check-" + name).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Begins a look; only when ready, and after the answer to the one before. */
  void look(Attempt attempt) {
    next.add(attempt);
  }

  /** Ends the thread once it comes back from what it is at. */
  void stop() {
    thread.interrupt();
  }

  private void run() {
    try {
      answers.ready(this, prepared());
      while (true) {
        Attempt attempt = next.take();
        answers.answered(this, outcome(attempt));
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<Unable> prepared() throws InterruptedException {
    try {
      probe.prepare();
      return probe.hindrance().map(Unable::new);
    } catch (IOException e) {
      LOG.warn("check {} could not be prepared", name, e);
      return Optional.of(new Unable("preparing: " + e.getMessage()));
    } catch (RuntimeException | Error bug) {
      return Optional.of(broken(bug));
    }
  }

  private Outcome outcome(Attempt attempt) throws InterruptedException {
    try {
      return probe.look(attempt);
    } catch (IOException e) {
      return attempt.failed(e);
    } catch (RuntimeException | Error bug) {
      return broken(bug);
    }
  }

  /** What went wrong here says nothing about the other side, and must not end the looks. */
  private Unable broken(Throwable bug) {
    LOG.error("check {} is broken", name, bug);
    return new Unable("the check is broken: " + bug);
  }
}
