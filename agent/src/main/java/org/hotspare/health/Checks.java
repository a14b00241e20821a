package org.hotspare.health;

import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.hotspare.health.Outcome.Unable;
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

  private static final Schedule REHEARSED =
      new Schedule(Duration.ofSeconds(1), Duration.ofSeconds(1), 1, 1);

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
    rehearse();
    Checks checks = new Checks(listener);
    checks.thread.start();
    return checks;
  }

  /**
   * Goes through failures once: when the disk fails that the program is on, nothing can be loaded.
   */
  private static void rehearse() {
    long now = System.nanoTime();
    Attempt attempt = new Attempt(REHEARSED.timeout(), now);
    CheckState state = new CheckState(REHEARSED, now);
    state.ready(now);
    state.tick(now);
    state.gaveUp(attempt.conclusion(), now);
    attempt.giveUp();
    state.answered(attempt.failed(new SocketException("none is left")), now);
    state.unable(new Unable("rehearsed").text());
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
    } catch (InterruptedException | RuntimeException | Error death) {
      die(death);
    } finally {
      running.values().forEach(Checks::stop);
    }
  }

  /** What nobody looks at any more must not be taken for what it was. */
  private void die(Throwable death) {
    long now = System.nanoTime();
    String why = "checks are not made any more: " + death;
    List<Checked> last =
        running.values().stream()
            .map(one -> new Checked(one.check, Standing.unknown(now).unable(why)))
            .toList();
    List<Checked> before = snapshot;
    snapshot = last;
    LOG.error("checks are not made any more", death);
    for (Checked one : last) {
      tell(one, healthIn(before, one.check().name()));
    }
  }

  private static Health healthIn(List<Checked> checks, String name) {
    return checks.stream()
        .filter(one -> one.check().name().equals(name))
        .map(one -> one.standing().health())
        .findFirst()
        .orElse(Health.UNKNOWN);
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
    Map<String, Running> gone = new LinkedHashMap<>(running);
    Map<String, Running> next = new LinkedHashMap<>();
    List<Looker> begun = new ArrayList<>();
    for (Check check : wanted) {
      Running known = running.get(check.name());
      if (known != null && known.check.probe().equals(check.probe())) {
        gone.remove(check.name());
        if (!known.check.schedule().equals(check.schedule())) {
          known.state.reschedule(check.schedule(), now);
        }
        known.check = check;
        next.put(check.name(), known);
      } else {
        Looker looker = new Looker(check.name(), check.probe(), answers);
        CheckState state = new CheckState(check.schedule(), now);
        next.put(check.name(), new Running(check, state, looker));
        begun.add(looker);
      }
    }
    running = next;
    gone.values().forEach(Checks::stop);
    publish();
    begun.forEach(Looker::start);
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
    public void ready(Looker now, Optional<Unable> unable) {
      inbox.add(() -> by(now, one -> begin(one, unable)));
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

  private void begin(Running one, Optional<Unable> unable) {
    Standing before = one.state.standing();
    one.state.ready(System.nanoTime());
    unable.ifPresent(why -> one.state.unable(why.text()));
    tellOfChange(one, before);
  }

  private void take(Running one, Outcome outcome) {
    Standing before = one.state.standing();
    one.attempt = null;
    one.state.answered(outcome, System.nanoTime());
    tellOfChange(one, before);
  }

  private void advance(Running one) {
    CheckState.Step step;
    do {
      long now = System.nanoTime();
      Standing before = one.state.standing();
      step = one.state.tick(now);
      Attempt attempt = one.attempt;
      switch (step) {
        case WAIT -> {
          if (attempt != null) {
            attempt.extendTo(one.state.deadlineNanos());
          }
        }
        case LOOK -> {
          attempt = new Attempt(one.check.schedule().timeout(), now);
          one.attempt = attempt;
          one.looker.look(attempt);
        }
        case GIVE_UP -> {
          if (attempt == null) {
            throw new IllegalStateException("no look of " + one.check.name() + " to give up");
          }
          one.state.gaveUp(attempt.conclusion(), now);
          attempt.giveUp();
        }
      }
      tellOfChange(one, before);
    } while (step != CheckState.Step.WAIT);
  }

  /** Where another look came to something, or it cannot be looked, or can again. */
  private void tellOfChange(Running one, Standing before) {
    Standing now = one.state.standing();
    if (now.equals(before)) {
      return;
    }
    if (before.unable().isEmpty() && !now.unable().isEmpty()) {
      LOG.warn("check {} cannot look: {}", one.check.name(), now.unable());
    } else if (!before.unable().isEmpty() && now.unable().isEmpty()) {
      LOG.info("check {} can look again", one.check.name());
    }
    publish();
    tell(one.checked(), before.health());
  }

  private void tell(Checked now, Health before) {
    try {
      listener.looked(now, before);
    } catch (RuntimeException | Error bug) {
      LOG.error("a result of check {} could not be told", now.check().name(), bug);
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
