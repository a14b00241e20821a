package org.hotspare.takeover;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says that a service was begun and not stopped since, and how it is stopped, also to an agent
 * whose configuration does not have it any more. It is there before anything is begun, and goes
 * when a stop succeeded.
 *
 * <p>It counts until the machine, or the container, is started anew; so it need not survive a power
 * loss, and is not synced.
 *
 * @param file in a directory that waits for no disk
 */
record ServiceRecord(Path file) {
  static final String SUFFIX = ".service";

  private static final Logger LOG = LoggerFactory.getLogger(ServiceRecord.class);
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /** What was started, and left processes that are known. */
  private static final String WITH_PROCESSES = "with processes\n";

  private static final String RUN = "run";
  private static final String UNIT = "unit";
  private static final String START = "start";
  private static final String STOP = "stop";
  private static final String STATUS = "status";
  private static final String WHERE = "on";
  private static final String TIMEOUT = "timeout-millis";

  /** There once it was started; made by what waits for its start command, which outlives agents. */
  Path startedFile() {
    return file.resolveSibling(file.getFileName() + ".started");
  }

  /** It is about to be started. */
  void begin(Service service) throws IOException {
    Files.deleteIfExists(startedFile());
    Properties known = new Properties();
    known.setProperty(RUN, thisRun());
    known.setProperty(WHERE, service.where().name());
    known.setProperty(TIMEOUT, Long.toString(service.timeout().toMillis()));
    switch (service.control()) {
      case Service.Systemd(String unit) -> known.setProperty(UNIT, unit);
      case Service.Commands(String start, String stop, String status) -> {
        known.setProperty(START, start);
        known.setProperty(STOP, stop);
        known.setProperty(STATUS, status);
      }
    }
    Path whole = file.resolveSibling(file.getFileName() + ".new");
    try (Writer out = Files.newBufferedWriter(whole)) {
      known.store(out, null);
    }
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * It runs.
   *
   * @param hasProcesses whether some are known to be its own
   */
  void started(boolean hasProcesses) throws IOException {
    Files.writeString(startedFile(), hasProcesses ? WITH_PROCESSES : "");
  }

  /** It is about to be stopped, so it cannot be said any more that it runs. */
  void stopping() {
    try {
      Files.deleteIfExists(startedFile());
    } catch (IOException refused) {
      LOG.warn("A service that is stopped is taken to run: {}", refused.toString());
    }
  }

  /** It was stopped. Where that cannot be written it is stopped once more, which does no harm. */
  void remove() {
    try {
      Files.deleteIfExists(startedFile());
      Files.deleteIfExists(file);
    } catch (IOException refused) {
      LOG.warn("It is not forgotten that a service was begun: {}", refused.toString());
    }
  }

  /** True also where that cannot be told. */
  boolean isBegun() {
    try {
      return load().isPresent();
    } catch (IOException unknown) {
      LOG.warn("Whether a service was begun cannot be read: {}", unknown.toString());
      return true;
    }
  }

  /** Whether it was begun, and its start command returned 0. */
  boolean isStarted() {
    return Files.exists(startedFile()) && isBegun();
  }

  /** Whether it had processes of its own when it was started. */
  boolean hadProcesses() {
    try {
      return Files.readString(startedFile()).equals(WITH_PROCESSES);
    } catch (IOException unknown) {
      return false;
    }
  }

  /**
   * What was begun.
   *
   * @return empty if nothing was
   * @throws IOException if it cannot be read, or is not as it was written
   */
  Optional<Service> service() throws IOException {
    Optional<Properties> loaded = load();
    if (loaded.isEmpty()) {
      return Optional.empty();
    }
    Properties known = loaded.get();
    try {
      String unit = known.getProperty(UNIT);
      Service.Control control =
          unit != null
              ? new Service.Systemd(unit)
              : new Service.Commands(get(known, START), get(known, STOP), get(known, STATUS));
      return Optional.of(
          new Service(
              control,
              Service.Where.valueOf(get(known, WHERE)),
              Duration.ofMillis(Long.parseLong(get(known, TIMEOUT)))));
    } catch (IllegalArgumentException damaged) {
      throw new IOException(file + " is damaged: " + damaged.getMessage(), damaged);
    }
  }

  private static String get(Properties known, String name) {
    String value = known.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException("without " + name);
    }
    return value;
  }

  private Optional<Properties> load() throws IOException {
    Properties known = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      known.load(in);
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IllegalArgumentException damaged) {
      throw new IOException(file + " is damaged: " + damaged.getMessage(), damaged);
    }
    return thisRun().equals(known.getProperty(RUN)) ? Optional.of(known) : Optional.empty();
  }

  /** Other after each start of the machine, and of the container where there is one. */
  private static String thisRun() throws IOException {
    return Files.readString(BOOT).strip() + " " + ProcessStat.of(1).startTicks();
  }
}
