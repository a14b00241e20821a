package org.hotspare.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.WaitResult;
import org.hotspare.testing.Await;
import org.hotspare.testing.Churn;
import org.jspecify.annotations.Nullable;

/**
 * Files of which a barrier said that they are safe. A thread replaces them, by synced files that
 * are renamed over them, moves the directories that they are in, removes some, and asks for a
 * barrier after each round; at any later time each must be there, whole, and not older than what
 * was confirmed.
 */
final class Markers implements AutoCloseable {
  /** With the changes of a busy churn before it, on a machine that has other work. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final Duration WITH_CHANGES = Duration.ofSeconds(30);

  private static final Duration PAUSE = Duration.ofMillis(150);

  private static final int DIRECTORIES = 4;
  private static final int FILES = 12;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Path top;
  private final AdminClient primary;
  private final SplittableRandom random;
  private final AtomicLong confirmations = new AtomicLong();

  /** Guarded by this: what has been written, and of it what was confirmed. Zero: removed. */
  private final Map<String, Long> written = new HashMap<>();

  private final Map<String, Long> confirmed = new HashMap<>();
  private final Set<String> removedSince = new HashSet<>();
  private long next = 1;

  private @Nullable Thread thread;
  private volatile boolean stopped;
  private volatile List<String> unconfirmed = List.of();
  private volatile @Nullable Exception failure;

  Markers(Path tree, AdminClient primary, long seed) {
    this.top = tree.resolve("markers");
    this.primary = primary;
    this.random = new SplittableRandom(seed);
  }

  /** Goes on from what is in the tree: a power loss may have undone what was not confirmed. */
  void start() {
    written.replaceAll((key, number) -> numberOf(key));
    stopped = false;
    thread = Thread.ofPlatform().name("markers").start(this::run);
  }

  /** Stops changing them. */
  void stop() throws InterruptedException {
    stopped = true;
    Thread running = thread;
    thread = null;
    if (running != null) {
      running.join();
    }
    Exception failed = failure;
    if (failed != null) {
      throw new AssertionError("the markers could not be written", failed);
    }
  }

  /** How many barriers have returned. */
  long confirmations() {
    return confirmations.get();
  }

  /**
   * Waits until so many more barriers have returned. Where the machine has no time for so many
   * changes, there are none for a while.
   */
  void awaitConfirmations(int count, Churn churn) throws InterruptedException {
    long wanted = confirmations() + count;
    long until = System.nanoTime() + WITH_CHANGES.toNanos();
    while (confirmations() < wanted && System.nanoTime() < until) {
      Thread.sleep(20);
    }
    if (confirmations() >= wanted) {
      return;
    }
    System.out.println("Markers: no barrier within " + WITH_CHANGES + ": no changes until one is");
    churn.pause();
    try {
      Await.await("a barrier returns", LIMIT, () -> confirmations() >= wanted);
    } catch (AssertionError e) {
      throw new AssertionError("the last barrier lacked " + unconfirmed, e);
    } finally {
      churn.goOn();
    }
  }

  /** What is confirmed at this moment. */
  synchronized Map<String, Long> confirmedNow() {
    removedSince.clear();
    return new HashMap<>(confirmed);
  }

  /**
   * The power went when {@code then} was confirmed, or a little later: what was confirmed since may
   * be gone, and so may what was removed since.
   */
  synchronized void goBackTo(Map<String, Long> then) {
    confirmed.clear();
    confirmed.putAll(then);
    confirmed.keySet().removeAll(removedSince);
    confirmed
        .entrySet()
        .removeIf(e -> e.getValue() == 0 && written.getOrDefault(e.getKey(), 0L) > 0);
  }

  /** What was confirmed counts no more: the standby was emptied. */
  synchronized void forget() {
    confirmed.clear();
  }

  private long numberOf(String key) {
    for (String name : List.of("home", "away")) {
      Path file = top.resolve(name + key);
      if (Files.exists(file)) {
        try (var lines = Files.lines(file, StandardCharsets.US_ASCII)) {
          return Long.parseLong(lines.skip(1).findFirst().orElse("0"));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return 0;
  }

  private void run() {
    try {
      while (!stopped) {
        round();
        ask();
        // A barrier after the other would leave no time for the changes that it is to tell of.
        Thread.sleep(PAUSE);
      }
    } catch (IOException | RuntimeException | InterruptedException e) {
      failure = e;
    }
  }

  private void round() throws IOException {
    for (int d = 0; d < DIRECTORIES; d++) {
      Path home = top.resolve("home" + d);
      Path away = top.resolve("away" + d);
      if (!Files.exists(home) && !Files.exists(away)) {
        Files.createDirectories(home);
      } else if (random.nextInt(3) == 0) {
        boolean isHome = Files.exists(home);
        Files.move(isHome ? home : away, isHome ? away : home);
      }
      Path now = Files.exists(home) ? home : away;
      for (int i = 0; i < 3; i++) {
        change(d, now);
      }
    }
  }

  private void change(int d, Path now) throws IOException {
    int f = random.nextInt(FILES);
    String key = d + "/f" + f;
    Path file = now.resolve("f" + f);
    long number;
    synchronized (this) {
      number = next++;
    }
    if (f >= FILES - 3 && Files.exists(file)) {
      Files.delete(file);
      note(key, 0);
    } else {
      write(now, file, number);
      note(key, number);
    }
  }

  /** Old or new: while a file is being changed it may be either. */
  private synchronized void note(String key, long number) {
    written.put(key, number);
    if (number == 0) {
      removedSince.add(key);
    }
    if (number == 0 || confirmed.getOrDefault(key, 1L) == 0) {
      confirmed.remove(key);
    }
  }

  private void write(Path directory, Path file, long number) throws IOException {
    // The number again and again, so that a mix of two versions, or a part of one, is seen.
    int times = 1 + random.nextInt(2000);
    byte[] content = content(number, times).getBytes(StandardCharsets.US_ASCII);
    Path temporary = directory.resolve("temporary");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(false);
    }
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String content(long number, int times) {
    return number + " " + times + "\n" + (number + "\n").repeat(times);
  }

  private void ask() {
    Map<String, Long> before;
    synchronized (this) {
      before = new HashMap<>(written);
    }
    try {
      WaitResult result = primary.waitForStandbys(PATIENCE);
      unconfirmed = result.missing();
      if (result.durable()) {
        synchronized (this) {
          confirmed.putAll(before);
        }
        confirmations.incrementAndGet();
      }
    } catch (CommandFailure killed) {
      // Nothing was confirmed.
    }
  }

  /**
   * Holds that all that was confirmed is in a tree, which must not change meanwhile.
   *
   * @throws AssertionError with what is missing or wrong
   */
  synchronized void check(Path tree, String when) {
    Set<String> wrong = new HashSet<>();
    confirmed.forEach(
        (key, number) -> {
          String found = find(tree.resolve("markers"), key, number);
          if (found != null) {
            wrong.add(key + " of " + number + " " + found);
          }
        });
    if (!wrong.isEmpty()) {
      throw new AssertionError(
          "%s, %d of %d confirmed files are not right: %s"
              .formatted(when, wrong.size(), confirmed.size(), wrong));
    }
  }

  /** What is wrong with a file; null if nothing is. */
  private static @Nullable String find(Path top, String key, long number) {
    List<Path> places = new ArrayList<>();
    for (String name : List.of("home", "away")) {
      Path place = top.resolve(name + key);
      if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
        places.add(place);
      }
    }
    if (number == 0) {
      return places.isEmpty() ? null : "was removed, and is there: " + places;
    }
    if (places.size() != 1) {
      return places.isEmpty() ? "is missing" : "is there twice";
    }
    try {
      String text = Files.readString(places.getFirst(), StandardCharsets.US_ASCII);
      String[] head = text.substring(0, Math.max(0, text.indexOf('\n'))).split(" ", -1);
      if (head.length != 2
          || !text.equals(content(Long.parseLong(head[0]), Integer.parseInt(head[1])))) {
        return "is not whole: %d bytes".formatted(text.length());
      }
      return Long.parseLong(head[0]) < number ? "is older: " + head[0] : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NumberFormatException e) {
      return "is not what was written: " + e.getMessage();
    }
  }

  @Override
  public void close() {
    stopped = true;
    Thread running = thread;
    try {
      if (running != null) {
        running.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
