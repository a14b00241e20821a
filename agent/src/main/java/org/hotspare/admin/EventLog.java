package org.hotspare.admin;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The audit log: what happened and why, appended to {@code events.jsonl} in the state directory. At
 * 10 MiB the file becomes {@code events.jsonl.1} in place of the one before, so that the two never
 * hold more than 20 MiB. All state is guarded by this object's lock.
 */
public final class EventLog implements Closeable {
  public static final int MAX_RECENT = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
  private static final long ROTATE_BYTES = 10L << 20;
  private static final int MAX_TEXT = 4096;

  /** A clock that goes back by more was set. */
  private static final Duration STANDSTILL = Duration.ofSeconds(1);

  private final Path current;
  private final Path previous;
  private final String node;
  private final InstantSource clock;
  private final long rotateBytes;
  private final Set<Subscription> subscriptions = new HashSet<>();
  private Listener listener = (_, _) -> {};
  private FileChannel file;
  private boolean failing;

  /** When the last event was. */
  private Instant last = Instant.MIN;

  private EventLog(Path current, String node, InstantSource clock, long rotateBytes)
      throws IOException {
    this.current = current;
    this.previous = current.resolveSibling(current.getFileName() + ".1");
    this.node = node;
    this.clock = clock;
    this.rotateBytes = rotateBytes;
    this.file = append(current);
    endTornLine();
  }

  /**
   * @param state an existing directory
   * @param node the name of the node whose events these are
   */
  public static EventLog open(Path state, String node, InstantSource clock) throws IOException {
    return open(state, node, clock, ROTATE_BYTES);
  }

  static EventLog open(Path state, String node, InstantSource clock, long rotateBytes)
      throws IOException {
    return new EventLog(state.resolve("events.jsonl"), node, clock, rotateBytes);
  }

  private static FileChannel append(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** A crash may have left half a line; the next event must not become its second half. */
  private void endTornLine() throws IOException {
    long size = file.size();
    if (size == 0) {
      return;
    }
    ByteBuffer last = ByteBuffer.allocate(1);
    try (FileChannel reading = FileChannel.open(current, StandardOpenOption.READ)) {
      reading.read(last, size - 1);
    }
    if (last.get(0) != '\n') {
      file.write(ByteBuffer.wrap(new byte[] {'\n'}));
    }
  }

  /** Who is told of each event as it is recorded. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Must not block: whoever records an event waits for it.
     *
     * @param json the event in one line
     */
    void happened(Event event, String json);
  }

  /** From now on that one is told of each, instead of the one before. */
  public synchronized void tell(Listener next) {
    listener = next;
  }

  /**
   * Notes an event of this moment. A disk that takes no more does not stop the agent: the event is
   * then in the log of the process only.
   *
   * @param mirror null if it concerns no single mirror
   * @param text one sentence for people; cut off at 4,096 characters
   */
  public synchronized void record(Event.Kind kind, @Nullable String mirror, String text) {
    String bounded = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "…" : text;
    Event event = new Event(nextTime(), node, kind, mirror, bounded);
    LOG.info("{}{}", mirror == null ? "" : mirror + ": ", bounded);
    String json = Json.write(event);
    try {
      write((json + "\n").getBytes(StandardCharsets.UTF_8));
      failing = false;
    } catch (IOException full) {
      if (!failing) {
        LOG.error("Events cannot be written to {}: {}", current, full.toString());
      }
      failing = true;
    }
    subscriptions.forEach(subscription -> subscription.offer(event));
    listener.happened(event, json);
  }

  /** Followers name the last event that they have by its time: no two in a row have the same. */
  private Instant nextTime() {
    Instant now = clock.instant();
    boolean stands = !now.isAfter(last) && now.isAfter(last.minus(STANDSTILL));
    last = stands ? last.plusNanos(1) : now;
    return last;
  }

  private void write(byte[] line) throws IOException {
    if (file.size() + line.length > rotateBytes && file.size() > 0) {
      file.close();
      Files.move(
          current, previous, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      file = append(current);
    }
    ByteBuffer bytes = ByteBuffer.wrap(line);
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  /**
   * The last events, oldest first.
   *
   * @param most how many, at most {@link #MAX_RECENT}
   */
  public synchronized List<Event> recent(int most) throws IOException {
    if (most == 0) {
      // Whoever reads the files keeps others from recording.
      return List.of();
    }
    Deque<Event> recent = new ArrayDeque<>();
    try (PastEvents past = past()) {
      for (Optional<Event> event = past.next(); event.isPresent(); event = past.next()) {
        recent.add(event.get());
        if (recent.size() > most) {
          recent.removeFirst();
        }
      }
    }
    return List.copyOf(recent);
  }

  private PastEvents past() throws IOException {
    return PastEvents.of(List.of(previous, current));
  }

  /** The last events and then all that come, without a gap between. */
  synchronized Subscription follow(int recent) throws IOException {
    return subscribe(PastEvents.of(List.of()), recent(recent));
  }

  /**
   * The events after that of a time and then all that come, without a gap between.
   *
   * @return empty if there is none of that time, or not any more
   */
  Optional<Subscription> followAfter(Instant time) throws IOException {
    Subscription subscription;
    synchronized (this) {
      subscription = subscribe(past(), List.of());
    }
    boolean found = false;
    try {
      // Whoever looks for it keeps nobody from recording.
      found = subscription.past.skipPast(time);
    } finally {
      if (!found) {
        subscription.close();
      }
    }
    return found ? Optional.of(subscription) : Optional.empty();
  }

  private Subscription subscribe(PastEvents past, List<Event> recent) {
    Subscription subscription = new Subscription(past, recent);
    subscriptions.add(subscription);
    return subscription;
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }

  /** The events of one follower, who may be slow. */
  final class Subscription implements AutoCloseable {
    private static final int MAX_WAITING = 1000;

    /** What comes first. */
    private final Deque<Optional<Event>> first = new ArrayDeque<>();

    /** What comes then. */
    private final PastEvents past;

    private final BlockingQueue<Optional<Event>> coming = new ArrayBlockingQueue<>(MAX_WAITING);

    private Subscription(PastEvents past, List<Event> recent) {
      this.past = past;
      recent.forEach(event -> first.add(Optional.of(event)));
    }

    private void offer(Event event) {
      // The last place is kept for the word that something was left out.
      if (coming.remainingCapacity() > 1) {
        coming.add(Optional.of(event));
      } else {
        coming.offer(Optional.empty());
      }
    }

    /**
     * The next event, once there is one; nothing if this follower cannot have it, as where it was
     * too slow.
     */
    Optional<Event> next() throws InterruptedException {
      takePast();
      Optional<Event> next = first.pollFirst();
      return next != null ? next : coming.take();
    }

    /** Whether there is something within that time, so that {@link #next} does not wait. */
    boolean awaits(Duration most) throws InterruptedException {
      takePast();
      if (first.isEmpty()) {
        Optional<Event> next = coming.poll(most.toMillis(), TimeUnit.MILLISECONDS);
        if (next != null) {
          first.add(next);
        }
      }
      return !first.isEmpty();
    }

    private void takePast() {
      if (!first.isEmpty()) {
        return;
      }
      try {
        past.next().ifPresent(event -> first.add(Optional.of(event)));
      } catch (IOException unreadable) {
        LOG.warn("Events cannot be read from {}: {}", current, unreadable.toString());
        first.add(Optional.empty());
      }
    }

    @Override
    public void close() {
      synchronized (EventLog.this) {
        subscriptions.remove(this);
      }
      try {
        past.close();
      } catch (IOException e) {
        LOG.warn("Events that were read from {}: {}", current, e.toString());
      }
    }
  }
}
