package org.hotspare.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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
 * @param leastBytes what is to be available to unprivileged users; 0 to ask for nothing
 */
public record DiskCheck(Path directory, long leastBytes) implements Probe {
  private static final Name FILE = Name.of("disk-check");
  private static final ByteBuffer CONTENT = ByteBuffer.allocateDirect(4096);
  private static final long MIB = 1 << 20;

  @Override
  public Outcome look(Attempt attempt) throws IOException {
    attempt.at("opening " + directory);
    try (DirFd opened = DirFd.openRoot(directory)) {
      attempt.at("writing to " + directory);
      write(opened, attempt);
      attempt.at("asking for the space on " + directory);
      return judge(opened.space());
    }
  }

  /** In place: what a full disk still takes, and what needs no journal. */
  private void write(DirFd opened, Attempt attempt) throws IOException {
    try (FileFd file = open(opened)) {
      file.write(CONTENT.duplicate(), 0);
      attempt.at("waiting until a write to " + directory + " is on disk");
      file.fdatasync();
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

  private Outcome judge(Space space) {
    String left =
        "%d of %d MiB are left on %s"
            .formatted(space.availableBytes() / MIB, space.totalBytes() / MIB, directory);
    return space.availableBytes() < leastBytes
        ? new Failed("%s, less than %d MiB".formatted(left, leastBytes / MIB))
        : new Passed(left);
  }
}
