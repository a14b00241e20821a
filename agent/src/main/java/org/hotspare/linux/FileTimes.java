package org.hotspare.linux;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hotspare.tree.Timestamp;

/**
 * Whether equal times of a file mean that it did not change.
 *
 * <p>A filesystem takes times from a clock that steps every few milliseconds: of two changes within
 * one step, the second leaves no trace. Since Linux 6.13 some filesystems give a change that
 * follows a look at the times a finer one (multigrain timestamps), so that there it is always seen.
 */
public final class FileTimes {
  private static final Set<String> FINE = Set.of("ext4", "xfs", "btrfs", "tmpfs");
  private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");
  private static final boolean KERNEL_IS_FINE = isFine(System.getProperty("os.version", ""));

  /** How many steps of the clock a change has to be old: it may be about to step. */
  private static final int STEPS = 2;

  private static final Map<Where, Boolean> KNOWN = new ConcurrentHashMap<>();

  /** A mount's number is given again after it is gone: with the device it is another. */
  private record Where(long mount, long device) {}

  private FileTimes() {}

  /**
   * Whether the file may change after it was looked at and show the same times as before.
   *
   * @param stat of the file, just taken
   */
  public static boolean mayHideAChange(Stat stat) throws IOException {
    Timestamp changed = stat.changed();
    Timestamp now = RawClock.fileTime();
    long age = (now.seconds() - changed.seconds()) * 1_000_000_000L + now.nanos() - changed.nanos();
    return age <= STEPS * RawClock.tickNanos() && !isFine(stat);
  }

  private static boolean isFine(Stat stat) throws IOException {
    if (!KERNEL_IS_FINE) {
      return false;
    }
    Where where = new Where(stat.mountId(), stat.device());
    Boolean known = KNOWN.get(where);
    if (known == null) {
      known =
          Mounts.all().stream()
              .anyMatch(mount -> mount.id() == where.mount && FINE.contains(mount.type()));
      KNOWN.put(where, known);
    }
    return known;
  }

  /** Whether a kernel of this release gives finer times where they are needed. */
  static boolean isFine(String release) {
    Matcher matcher = RELEASE.matcher(release);
    if (!matcher.matches()) {
      return false;
    }
    int major = Integer.parseInt(matcher.group(1));
    return major > 6 || (major == 6 && Integer.parseInt(matcher.group(2)) >= 13);
  }
}
