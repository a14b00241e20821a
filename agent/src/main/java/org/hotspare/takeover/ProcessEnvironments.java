package org.hotspare.takeover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the processes of this machine have in their environment. The kernel keeps who reads that of
 * one waiting as long as it changes its memory, which is for ever if it waits for a disk just then.
 * So it is read by a thread that may be left behind: one for each process that does not answer.
 */
final class ProcessEnvironments {
  static final ProcessEnvironments HERE = new ProcessEnvironments(Path.of("/proc"));

  private static final Logger LOG = LoggerFactory.getLogger(ProcessEnvironments.class);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private final Path proc;

  /** Those whose environment a thread waits for that was left behind. */
  private final Set<ProcessHandle> stuck = ConcurrentHashMap.newKeySet();

  /**
   * @param own those that have the entry
   * @param unknown those that did not answer
   */
  record Found(List<ProcessHandle> own, List<ProcessHandle> unknown) {
    Found {
      own = List.copyOf(own);
      unknown = List.copyOf(unknown);
    }
  }

  ProcessEnvironments(Path proc) {
    this.proc = proc;
  }

  /**
   * The processes that are there now and have this entry, except this one. What has ended, but was
   * not reaped, has no environment any more. Takes up to two seconds for each process that does not
   * answer, at the first time.
   */
  Found withEntry(String entry) throws InterruptedException {
    Queue<ProcessHandle> waiting = new ConcurrentLinkedQueue<>(all());
    List<ProcessHandle> unknown = new ArrayList<>(stuck);
    waiting.removeAll(stuck);
    Queue<ProcessHandle> own = new ConcurrentLinkedQueue<>();
    Reader reader = new Reader(waiting, own, "\0" + entry + "\0");
    ProcessHandle before = null;
    while (!reader.awaitEnd()) {
      ProcessHandle current = reader.current;
      if (current != null && current.equals(before) && reader.leaveBehind(current)) {
        LOG.warn("Process {} does not say what it is, since it waits for a disk", current.pid());
        unknown.add(current);
        reader = new Reader(waiting, own, "\0" + entry + "\0");
        before = null;
      } else {
        before = current;
      }
    }
    return new Found(List.copyOf(own), unknown);
  }

  private List<ProcessHandle> all() {
    List<ProcessHandle> all = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(proc)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (NUMBER.matcher(name).matches()) {
          ProcessHandle.of(Long.parseLong(name)).ifPresent(all::add);
        }
      }
    } catch (IOException noProc) {
      throw new IllegalStateException("no " + proc, noProc);
    }
    all.remove(ProcessHandle.current());
    return all;
  }

  /** Reads one after the other. */
  private final class Reader {
    private final Queue<ProcessHandle> waiting;
    private final Queue<ProcessHandle> own;
    private final String entry;
    private final Thread thread;
    private volatile @Nullable ProcessHandle current;

    /** Guarded by this. */
    private boolean leftBehind;

    Reader(Queue<ProcessHandle> waiting, Queue<ProcessHandle> own, String entry) {
      this.waiting = waiting;
      this.own = own;
      this.entry = entry;
      this.thread = Thread.ofPlatform().name("processes").daemon().start(this::read);
    }

    boolean awaitEnd() throws InterruptedException {
      return thread.join(PATIENCE);
    }

    private void read() {
      for (ProcessHandle next = waiting.poll(); next != null; next = waiting.poll()) {
        current = next;
        boolean found = environment(next.pid()).contains(entry);
        synchronized (this) {
          current = null;
          if (leftBehind) {
            stuck.remove(next);
            return;
          }
        }
        if (found) {
          own.add(next);
        }
      }
    }

    /**
     * @return false if it has gone on meanwhile
     */
    synchronized boolean leaveBehind(ProcessHandle at) {
      if (!at.equals(current)) {
        return false;
      }
      leftBehind = true;
      stuck.add(at);
      return true;
    }
  }

  /** Each of its entries between two NULs; empty of what has ended or is another user's. */
  private String environment(long pid) {
    try {
      byte[] entries = Files.readAllBytes(proc.resolve(pid + "/environ"));
      return "\0" + new String(entries, StandardCharsets.UTF_8);
    } catch (IOException endedOrForeign) {
      return "";
    }
  }
}
