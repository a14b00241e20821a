package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service's start command started, and all that this started since, also by an agent that is
 * gone: known by an entry of its environment, and, where the agent may make control groups, by
 * being in one.
 *
 * <p>Where there is no control group, a program that changes its environment is not found.
 */
final class ServiceProcesses {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceProcesses.class);
  private static final String MARK = "HOTSPARE_SERVICE";
  private static final String STARTING = "HOTSPARE_STARTING";
  private static final Duration PAUSE = Duration.ofMillis(20);

  /** Takes what is written into it. */
  private static final Path NOWHERE = Path.of("/dev/null");

  private final String name;

  /** Says in which control group they are. */
  private final Path groupFile;

  private final MarkedProcesses marked;
  private final MarkedProcesses starting;

  /**
   * @param name of the service, unlike any other on this machine; fit for a file's name
   * @param groupFile for this object's own use; on nothing that waits for a disk
   */
  ServiceProcesses(String name, Path groupFile) {
    this(name, groupFile, ProcessEnvironments.HERE);
  }

  ServiceProcesses(String name, Path groupFile, ProcessEnvironments environments) {
    this.name = name;
    this.groupFile = groupFile;
    this.marked = new MarkedProcesses(MARK, name, environments);
    this.starting = new MarkedProcesses(STARTING, name, environments);
  }

  /**
   * What a program that starts a service has to have in its environment. {@code HOTSPARE_STARTING}
   * is for the process that waits for the start command, not for the command.
   */
  Map<String, String> environment() {
    Map<String, String> entries = new LinkedHashMap<>();
    entries.put(MARK, name);
    entries.put(STARTING, name);
    return entries;
  }

  /** The entry that the start command itself must not have. */
  static String starting() {
    return STARTING;
  }

  /** Whether a start command still runs. */
  boolean isStarting() throws InterruptedException {
    return !starting.look().own().isEmpty();
  }

  /** Not there where there is no control group. */
  Path groupFile() {
    return groupFile;
  }

  /** The file into which the first process writes 0 to belong to the service. */
  Path prepare() throws IOException {
    Optional<ControlGroup> group = ControlGroup.create("hotspare-" + name);
    if (group.isEmpty()) {
      Files.deleteIfExists(groupFile);
      return NOWHERE;
    }
    try {
      Files.writeString(groupFile, group.get().directory().toString());
    } catch (IOException full) {
      // The next agent could not find it. The environment is left.
      LOG.warn("No control group for {}: {}", name, full.toString());
      group.get().remove();
      return NOWHERE;
    }
    return group.get().members();
  }

  private @Nullable ControlGroup group() throws IOException {
    try {
      return new ControlGroup(Path.of(Files.readString(groupFile)));
    } catch (NoSuchFileException none) {
      return null;
    }
  }

  /**
   * Whether none is left. Where a control group tells, those that cannot be asked for their
   * environment, since they wait for a disk, do not count.
   */
  boolean isEmpty() throws IOException, InterruptedException {
    ControlGroup group = group();
    if (group != null && !group.isEmpty()) {
      return false;
    }
    return group == null ? marked.areSurelyNone() : marked.areNone();
  }

  /**
   * Kills them all.
   *
   * @return false if some are still there, since they wait for a disk
   */
  boolean kill(Duration within) throws IOException, InterruptedException {
    Deadline deadline = Deadline.after(within);
    while (!isEmpty()) {
      if (deadline.remaining().isZero()) {
        return false;
      }
      ControlGroup group = group();
      if (group != null) {
        group.kill();
      }
      marked.look().own().forEach(ProcessHandle::destroyForcibly);
      Thread.sleep(PAUSE);
    }
    forgetIfGone();
    return true;
  }

  /** Removes their control group if there is none of them any more. */
  void forgetIfGone() throws IOException {
    ControlGroup group = group();
    if (group != null && group.isEmpty()) {
      group.remove();
    }
  }
}
