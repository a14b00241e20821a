package org.hotspare.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hotspare.failover.Damping;
import org.hotspare.wire.DurableFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's {@link Damping} on disk, so that an agent that is started again does not try at once
 * what it is to let rest. Four lines: which start of the machine its times count from, when it took
 * over, when something failed, and what. After another start of the machine it says nothing.
 *
 * <p>It is written by a thread of its own, since whoever decides about roles waits for no disk. So
 * an agent that dies in that very moment may forget the last one.
 */
final class DampingFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DampingFile.class);
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
  private static final int MAX_BYTES = 16 << 10;
  private static final int MAX_FAILURE = 2000;
  private static final int MAX_PROMOTIONS = 100;
  private static final Duration END = Duration.ofSeconds(2);
  private static final Pattern TEXT =
      Pattern.compile("(\\S+)\n((?:[0-9]{1,18} ){0,100})\n([0-9]{1,18})\n([^\n]*)\n");

  private final Path file;
  private final String boot;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("role-damping").factory());

  /** What is still to be written; null where nothing is. */
  private final AtomicReference<@Nullable Damping> next = new AtomicReference<>();

  DampingFile(Path file) throws IOException {
    this(file, Files.readString(BOOT).strip());
  }

  /**
   * @param boot differs for each start of the machine
   */
  DampingFile(Path file, String boot) {
    this.file = file;
    this.boot = boot;
  }

  /** {@link Damping#NONE} where nothing is known: then a node is tried, which does little harm. */
  Damping read() {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("it is longer than " + MAX_BYTES + " bytes");
      }
      return parse(Files.readString(file));
    } catch (NoSuchFileException none) {
      return Damping.NONE;
    } catch (IOException unreadable) {
      LOG.warn("{} is not used: {}", file, unreadable.toString());
      return Damping.NONE;
    }
  }

  private Damping parse(String text) throws IOException {
    Matcher known = TEXT.matcher(text);
    if (!known.matches()) {
      throw new IOException("it is damaged");
    }
    if (!known.group(1).equals(boot)) {
      return Damping.NONE;
    }
    List<Long> promoted =
        Arrays.stream(known.group(2).split(" "))
            .filter(number -> !number.isEmpty())
            .map(Long::valueOf)
            .toList();
    return new Damping(promoted, known.group(4), Long.parseLong(known.group(3)));
  }

  /** Has it written, and returns at once. */
  void write(Damping damping) {
    if (next.getAndSet(damping) == null) {
      thread.execute(this::writeNext);
    }
  }

  private void writeNext() {
    Damping damping = next.getAndSet(null);
    if (damping == null) {
      return;
    }
    try {
      byte[] content = text(damping).getBytes(StandardCharsets.UTF_8);
      DurableFile.write(file, content, DurableFile.SECRET);
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", file, e.getMessage());
    }
  }

  private String text(Damping damping) {
    List<Long> promoted = damping.promotedNanos();
    String failure = damping.failure().replace('\n', ' ');
    return "%s\n%s\n%d\n%s\n"
        .formatted(
            boot,
            promoted
                .subList(Math.max(0, promoted.size() - MAX_PROMOTIONS), promoted.size())
                .stream()
                .map(nanos -> nanos + " ")
                .collect(Collectors.joining()),
            damping.failedNanos(),
            failure.length() > MAX_FAILURE ? failure.substring(0, MAX_FAILURE) : failure);
  }

  /** What was to be written is, if the disk does so soon. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(END.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("{} is not written: its disk hangs", file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
