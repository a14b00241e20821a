package org.hotspare.takeover;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells people, by the operator's command, of what happened: one event after the other, in their
 * order, each as JSON on its input and in its environment as {@code HOTSPARE_EVENT}, beside {@code
 * HOTSPARE_OCCASION}. Never holds up who tells it: what comes faster than the command takes it
 * waits, and past a bound the oldest are left out; how many is in the environment of the next as
 * {@code HOTSPARE_DROPPED}.
 */
public final class Notifier implements AutoCloseable {
  public static final Duration TIMEOUT = Duration.ofSeconds(30);
  public static final int MAX_WAITING = 100;

  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

  /** An entry of an environment may have 128 KiB in Linux, and a character four bytes. */
  private static final int MAX_JSON = 30_000;

  /** How long {@link #close} waits for those on their way. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  /** How many events were left out before this one, since the command is slow or they too long. */
  private static final String DROPPED = "HOTSPARE_DROPPED";

  private static final String NONE = "0";
  private static final String FEED = "printf '%s\\n' \"$HOTSPARE_EVENT\" | /bin/sh -c \"$1\"";

  private final String command;
  private final Set<String> on;
  private final Duration timeout;
  private final int maxWaiting;
  private final Map<String, String> environment;
  private final Consumer<String> problems;
  private final Thread thread;

  /** Of the thread that delivers: whether it was told that the command fails. */
  private boolean failing;

  /** Guards all below. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private final Deque<Notice> waiting = new ArrayDeque<>();
  private long dropped;
  private boolean delivering;
  private boolean closed;

  private record Notice(String occasion, String json) {}

  private Notifier(
      String command,
      Set<String> on,
      Duration timeout,
      int maxWaiting,
      Map<String, String> environment,
      Consumer<String> problems) {
    this.command = command;
    this.on = Set.copyOf(on);
    this.timeout = timeout;
    this.maxWaiting = maxWaiting;
    this.environment = Map.copyOf(environment);
    this.problems = problems;
    this.thread = Thread.ofPlatform().name("notify").daemon().unstarted(this::deliverAll);
  }

  /**
   * @param command for the shell
   * @param on the occasions that it wants to hear of
   * @param timeout how long the command may take for one
   * @param maxWaiting at least one
   * @param environment added to this process's own
   * @param problems takes a sentence when the command begins to fail, and when it works again
   */
  public static Notifier start(
      String command,
      Set<String> on,
      Duration timeout,
      int maxWaiting,
      Map<String, String> environment,
      Consumer<String> problems) {
    Notifier notifier = new Notifier(command, on, timeout, maxWaiting, environment, problems);
    notifier.thread.start();
    return notifier;
  }

  /**
   * Has it told, if this occasion is wanted, and returns at once. Any thread.
   *
   * @param json the event, in one line, of up to 30,000 characters: one that no environment can
   *     hold is left out, and counted as such
   */
  public void tell(String occasion, String json) {
    if (!on.contains(occasion)) {
      return;
    }
    // Who tells it has other things to do than to mend that.
    boolean fits = json.length() <= MAX_JSON && json.indexOf('\0') < 0;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (!fits) {
        dropped++;
        return;
      }
      waiting.addLast(new Notice(occasion, json));
      if (waiting.size() > maxWaiting) {
        waiting.removeFirst();
        dropped++;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void deliverAll() {
    try {
      while (true) {
        Map<String, String> added = next();
        if (added == null) {
          return;
        }
        // Not under the lock: who reads the log may be slow.
        if (!NONE.equals(added.get(DROPPED))) {
          LOG.warn("notify: {} events were left out before this one", added.get(DROPPED));
        }
        deliver(added);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** What the command has to have in its environment for the next one; null at the end. */
  private @Nullable Map<String, String> next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      delivering = false;
      changed.signalAll();
      while (waiting.isEmpty()) {
        if (closed) {
          return null;
        }
        changed.await();
      }
      delivering = true;
      Notice notice = waiting.removeFirst();
      Map<String, String> added = new LinkedHashMap<>(environment);
      added.put("HOTSPARE_OCCASION", notice.occasion());
      added.put("HOTSPARE_EVENT", notice.json());
      added.put(DROPPED, Long.toString(dropped));
      dropped = 0;
      return added;
    } finally {
      lock.unlock();
    }
  }

  private void deliver(Map<String, String> added) throws InterruptedException {
    TimedCommand started =
        TimedCommand.start(
            List.of("/bin/sh", "-c", FEED, "hotspare", command),
            added,
            line -> LOG.info("notify: {}", line));
    CommandEnd end = started.await(timeout);
    if (!end.isSuccess()) {
      LOG.warn("notify: the command failed for {}: {}", added.get("HOTSPARE_EVENT"), end);
    }
    tellOnce(!end.isSuccess(), end);
    boolean said = false;
    while (!started.awaitGone(TimedCommand.KILLED_WITHIN)) {
      if (!said) {
        LOG.warn("notify: the command cannot be killed; the next one waits for that");
        said = true;
      }
    }
  }

  private void tellOnce(boolean fails, CommandEnd end) {
    if (fails != failing) {
      failing = fails;
      problems.accept(
          fails ? "the command of notify: failed: " + end : "the command of notify: works again");
    }
  }

  /** Takes no more; what waits is given two seconds, then it is left out and said to be. */
  @Override
  public void close() {
    try {
      int left = awaitLastWords();
      if (left > 0) {
        LOG.warn("notify: {} events were left out at the end", left);
      }
      thread.interrupt();
      thread.join(TimedCommand.KILLED_WITHIN);
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  /** How many were left out. */
  private int awaitLastWords() throws InterruptedException {
    Deadline deadline = Deadline.after(LAST_WORDS);
    lock.lockInterruptibly();
    try {
      closed = true;
      changed.signalAll();
      while (!waiting.isEmpty() || delivering) {
        if (changed.awaitNanos(deadline.remaining().toNanos()) <= 0) {
          int left = waiting.size();
          waiting.clear();
          return left;
        }
      }
      return 0;
    } finally {
      lock.unlock();
    }
  }
}
