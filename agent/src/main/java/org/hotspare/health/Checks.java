package org.hotspare.health;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes checks, each at its own times, until it is closed. One thread watches the time for all and
 * owns what they say; each check has another one that looks, so that a look which never comes back
 * holds up nothing but itself, and is found by its absence.
 */
public final class Checks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checks.class);

  private final CheckListener listener;

  /** What happened, for the thread. At most one thing of each check is on its way. */
  private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();

  /** By name, in the order in which they were given. Owned by the thread. */
  private Map<String, Running> running = new LinkedHashMap<>();

  private final Answers answers = new Answers();
  private final Thread thread;
  private volatile List<Checked> snapshot = List.of();
  private volatile boolean closed;

  /** A check and its thread. Owned by the one that watches the time. */
  private static final class Running {
    private Check check;
    private final CheckState state;
    private final Looker looker;
    private @Nullable Attempt attempt;

    private Running(Check check, CheckState state, Looker looker) {
      this.check = check;
      this.state = state;
      this.looker = looker;
    }

    Checked checked() {
      return new Checked(check, state.standing());
    }
  }

  private Checks(CheckListener listener) {
    this.listener = listener;
    this.thread = Thread.ofPlatform().name("checks").daemon().unstarted(this::run);
  }

  /** Begins with no checks: see {@link #replace}. */
  public static Checks start(CheckListener listener) {
    Checks checks = new Checks(listener);
    checks.thread.start();
    return checks;
  }

  /**
   * Makes these checks from now on and no others. What one with the same name that looks at the
   * same has said stays, also where its times are others now.
   *
   * @throws IllegalArgumentException if two have the same name
   */
  public void replace(Collection<Check> checks) {
    Map<String, Check> wanted = new LinkedHashMap<>();
    for (Check check : checks) {
      if (wanted.put(check.name(), check) != null) {
        throw new IllegalArgumentException("two checks named " + check.name());
      }
    }
    inbox.add(() -> use(wanted.values()));
  }

  /** How they stand, in the order in which they were given. Any thread. */
  public List<Checked> snapshot() {
    return snapshot;
  }

  private void run() {
    try {
      while (!closed) {
        long now = System.nanoTime();
        Runnable first = inbox.poll(untilNext(now), TimeUnit.NANOSECONDS);
        // Answers before deadlines: what is here already must not be called missing.
        for (Runnable event = first; event != null; event = inbox.poll()) {
          event.run();
        }
        running.values().forEach(this::advance);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      running.values().forEach(Checks::stop);
    }
  }

  private long untilNext(long nowNanos) {
    long least = TimeUnit.HOURS.toNanos(1);
    for (Running one : running.values()) {
      least = Math.min(least, one.state.nextNanos() - nowNanos);
    }
    return Math.max(0, least);
  }

  private void use(Collection<Check> wanted) {
    long now = System.nanoTime();
    Map<String, Running> next = new LinkedHashMap<>();
    for (Check check : wanted) {
      Running known = running.get(check.name());
      if (known != null && known.check.probe().equals(check.probe())) {
        running.remove(check.name());
        if (!known.check.schedule().equals(check.schedule())) {
          known.state.reschedule(check.schedule(), now);
        }
        known.check = check;
        next.put(check.name(), known);
      } else {
        Looker looker = new Looker(check.name(), check.probe(), answers);
        CheckState state = new CheckState(check.schedule(), now);
        next.put(check.name(), new Running(check, state, looker));
      }
    }
    running.values().forEach(Checks::stop);
    running = next;
    publish();
  }

  private static void stop(Running one) {
    one.looker.stop();
    Attempt attempt = one.attempt;
    if (attempt != null) {
      attempt.giveUp();
    }
  }

  /** Called by the threads that look. */
  private final class Answers implements Looker.Answers {
    @Override
    public void ready(Looker now) {
      inbox.add(() -> by(now, one -> one.state.ready(System.nanoTime())));
    }

    @Override
    public void answered(Looker by, Outcome outcome) {
      inbox.add(() -> by(by, one -> take(one, outcome)));
    }
  }

  /** Nobody's, where the check is no longer made. */
  private void by(Looker looker, Consumer<Running> action) {
    running.values().stream().filter(one -> one.looker.equals(looker)).forEach(action);
  }

  private void take(Running one, Outcome outcome) {
    Health before = one.state.standing().health();
    one.attempt = null;
    if (one.state.answered(outcome, System.nanoTime())) {
      tell(one, before);
    }
  }

  private void advance(Running one) {
    while (true) {
      long now = System.nanoTime();
      Standing before = one.state.standing();
      CheckState.Step step = one.state.tick(now);
      switch (step) {
        case WAIT -> {}
        case LOOK -> {
          Attempt attempt = new Attempt(one.check.schedule().timeout(), now);
          one.attempt = attempt;
          one.looker.look(attempt);
        }
        case GIVE_UP -> {
          Attempt attempt = one.attempt;
          if (attempt == null) {
            throw new IllegalStateException("no look of " + one.check.name() + " to give up");
          }
          one.state.gaveUp(attempt.conclusion(), now);
          attempt.giveUp();
        }
      }
      if (one.state.standing().looks() != before.looks()) {
        tell(one, before.health());
      }
      if (step == CheckState.Step.WAIT) {
        return;
      }
    }
  }

  private void tell(Running one, Health before) {
    publish();
    try {
      listener.looked(one.checked(), before);
    } catch (RuntimeException bug) {
      LOG.error("a result of check {} could not be told", one.check.name(), bug);
    }
  }

  private void publish() {
    List<Checked> now = new ArrayList<>(running.size());
    running.values().forEach(one -> now.add(one.checked()));
    snapshot = List.copyOf(now);
  }

  /**
   * Makes no more checks and ends what is under way. Threads that cannot be ended, since a disk or
   * a name server does not answer, end when they come back. Not for the listener to call.
   */
  @Override
  public void close() {
    closed = true;
    inbox.add(() -> {});
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
