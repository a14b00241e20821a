package org.hotspare.admin;

import java.io.BufferedReader;
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

  private final Path current;
  private final Path previous;
  private final String node;
  private final InstantSource clock;
  private final long rotateBytes;
  private final Set<Subscription> subscriptions = new HashSet<>();
  private FileChannel file;
  private boolean failing;

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

  /**
   * Notes an event of this moment. A disk that takes no more does not stop the agent: the event is
   * then in the log of the process only.
   *
   * @param mirror null if it concerns no single mirror
   * @param text one sentence for people; cut off at 4,096 characters
   */
  public synchronized void record(Event.Kind kind, @Nullable String mirror, String text) {
    String bounded = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "…" : text;
    Event event = new Event(clock.instant(), node, kind, mirror, bounded);
    LOG.info("{}{}", mirror == null ? "" : mirror + ": ", bounded);
    try {
      write((Json.write(event) + "\n").getBytes(StandardCharsets.UTF_8));
      failing = false;
    } catch (IOException full) {
      if (!failing) {
        LOG.error("Events cannot be written to {}: {}", current, full.toString());
      }
      failing = true;
    }
    subscriptions.forEach(subscription -> subscription.offer(event));
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
    for (Path path : List.of(previous, current)) {
      if (!Files.exists(path)) {
        continue;
      }
      try (BufferedReader lines = Files.newBufferedReader(path)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          parse(line).ifPresent(recent::add);
          if (recent.size() > most) {
            recent.removeFirst();
          }
        }
      }
    }
    return List.copyOf(recent);
  }

  private Optional<Event> parse(String line) {
    try {
      return Optional.of(Json.read(line, Event.class));
    } catch (IllegalArgumentException torn) {
      LOG.debug("A line of {} is no event: {}", current, torn.toString());
      return Optional.empty();
    }
  }

  /** The last events and then all that come, without a gap between. */
  synchronized Subscription follow(int recent) throws IOException {
    Subscription subscription = new Subscription(recent(recent));
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

    /** What comes before all that waits in the queue. */
    private final Deque<Optional<Event>> first = new ArrayDeque<>();

    private final BlockingQueue<Optional<Event>> coming = new ArrayBlockingQueue<>(MAX_WAITING);

    private Subscription(List<Event> past) {
      past.forEach(event -> first.add(Optional.of(event)));
    }

    private void offer(Event event) {
      // The last place is kept for the word that something was left out.
      if (coming.remainingCapacity() > 1) {
        coming.add(Optional.of(event));
      } else {
        coming.offer(Optional.empty());
      }
    }

    /** The next event, once there is one; nothing if this follower was too slow to get it. */
    Optional<Event> next() throws InterruptedException {
      Optional<Event> next = first.pollFirst();
      return next != null ? next : coming.take();
    }

    /** Whether there is something within that time, so that {@link #next} does not wait. */
    boolean awaits(Duration most) throws InterruptedException {
      if (first.isEmpty()) {
        Optional<Event> next = coming.poll(most.toMillis(), TimeUnit.MILLISECONDS);
        if (next != null) {
          first.add(next);
        }
      }
      return !first.isEmpty();
    }

    @Override
    public void close() {
      synchronized (EventLog.this) {
        subscriptions.remove(this);
      }
    }
  }
}
