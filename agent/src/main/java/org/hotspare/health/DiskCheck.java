package org.hotspare.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Space;
import org.hotspare.tree.Name;

/**
 * The filesystem of a directory of the agent's own takes a small write, has it on disk in time, and
 * has space left. A disk that hangs blocks the thread that looks, maybe for ever; it is found by
 * the missing answer, and never more than that one thread waits for it.
 *
 * <p>A full filesystem that copies on writing, such as btrfs, refuses the write, though its disk
 * works. So a refusal for want of space is judged as the space is.
 *
 * @param leastBytes what is to be available to unprivileged users; 0 to ask for nothing
 */
public record DiskCheck(Path directory, long leastBytes) implements Probe {
  /** A disk that is busy takes seconds for a sync, and one that is broken does not come back. */
  public static final Schedule SCHEDULE =
      new Schedule(Duration.ofSeconds(5), Duration.ofSeconds(5), 3, 1);

  private static final Name FILE = Name.of("disk-check");
  private static final ByteBuffer CONTENT = ByteBuffer.allocateDirect(4096);
  private static final long MIB = 1 << 20;

  @Override
  public Outcome look(Attempt attempt) throws IOException {
    attempt.at("opening " + directory);
    try (DirFd opened = DirFd.openRoot(directory)) {
      attempt.at("writing to " + directory);
      String refusal = write(opened, attempt);
      attempt.at("asking for the space on " + directory);
      return judge(opened.space(), refusal);
    }
  }

  /**
   * In place: what a full disk still takes, and what needs no journal.
   *
   * @return why there is no space for it; empty where it is on disk
   */
  private String write(DirFd opened, Attempt attempt) throws IOException {
    try (FileFd file = open(opened)) {
      file.write(CONTENT.duplicate(), 0);
      attempt.at("waiting until a write to " + directory + " is on disk");
      file.fdatasync();
      return "";
    } catch (LinuxException full) {
      if (!full.is(Errno.ENOSPC, Errno.EDQUOT)) {
        throw full;
      }
      return ", and a write finds no space: " + full.getMessage();
    }
  }

  private static FileFd open(DirFd opened) throws LinuxException {
    try {
      return opened.openFile(FILE, Access.WRITE);
    } catch (LinuxException failed) {
      if (!failed.is(Errno.ENOENT)) {
        throw failed;
      }
      return opened.create(FILE);
    }
  }

  private Outcome judge(Space space, String refusal) {
    String left =
        "%d of %d MiB are left on %s%s"
            .formatted(space.availableBytes() / MIB, space.totalBytes() / MIB, directory, refusal);
    return space.availableBytes() < leastBytes
        ? new Failed("%s; expected %d MiB".formatted(left, leastBytes / MIB))
        : new Passed(left);
  }
}
