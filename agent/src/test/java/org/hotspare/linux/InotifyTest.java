package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;

class InotifyTest {
  private static final Name A = Name.of("a");
  private static final Name B = Name.of("b");
  private static final Duration SOON = Duration.ofSeconds(10);

  @Test
  void tellsWhatHappensInADirectory() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.OVERLAY, 64);
        DirFd root = fileSystem.open();
        Inotify inotify = Inotify.open()) {
      root.mkdir(A, 0755);
      try (DirFd below = root.openDirectory(A)) {
        int upper = inotify.add(root);
        int lower = inotify.add(below);
        assertThat(inotify.add(below)).isEqualTo(lower);
        below.create(B).close();
        below.rename(B, root, B);
        root.rmdir(A);
        List<Inotify.Event> events = new ArrayList<>(inotify.read(SOON));
        while (events.stream().noneMatch(Inotify.Event::deleted)) {
          List<Inotify.Event> more = inotify.read(SOON);
          assertThat(more).isNotEmpty();
          events.addAll(more);
        }
        assertThat(events)
            .extracting(Inotify.Event::wd, Inotify.Event::mask, Inotify.Event::name)
            .contains(
                tuple(lower, Inotify.CREATE, B),
                tuple(lower, Inotify.CLOSE_WRITE, B),
                tuple(lower, Inotify.MOVED_FROM, B),
                tuple(upper, Inotify.MOVED_TO, B),
                tuple(upper, Inotify.DELETE | Inotify.DIRECTORY, A));
        assertThat(
                events.stream()
                    .filter(event -> event.movedFrom() || event.movedTo())
                    .map(Inotify.Event::cookie)
                    .distinct())
            .hasSize(1);
        assertThat(inotify.remove(upper)).isTrue();
        assertThat(inotify.remove(upper)).isFalse();
        assertThat(inotify.read(SOON)).anyMatch(Inotify.Event::isIgnored);
      }
    }
  }

  @Test
  void overflowIsAnEvent() throws IOException {
    int limit =
        Integer.parseInt(
            LoopFileSystem.run("cat", "/proc/sys/fs/inotify/max_queued_events").strip());
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 64);
        DirFd root = fileSystem.open();
        Inotify inotify = Inotify.open()) {
      inotify.add(root);
      for (int i = 0; i <= limit; i++) {
        root.mkdir(Name.of("n" + i), 0700);
      }
      boolean lost = false;
      while (!lost) {
        List<Inotify.Event> events = inotify.read(SOON);
        assertThat(events).isNotEmpty();
        lost = events.stream().anyMatch(event -> event.isOverflow() && event.wd() == -1);
      }
    }
  }

  @Test
  void theLimitOfWatchesIsTold() {
    assertThat(UserNamespace.run("echo 1 > /proc/sys/user/max_inotify_watches", Limited.class))
        .contains("ENOSPC");
  }

  /** Adds two watches and prints the error. */
  static final class Limited {
    private Limited() {}

    public static void main(String[] args) throws IOException {
      try (DirFd first = DirFd.openRoot(Path.of("/proc"));
          DirFd second = DirFd.openRoot(Path.of("/dev"));
          Inotify inotify = Inotify.open()) {
        inotify.add(first);
        inotify.add(second);
      } catch (LinuxException refused) {
        System.out.println(refused.errno());
      }
    }
  }

  @Test
  void damagedEventsAreRefused() {
    ByteBuffer event = ByteBuffer.allocate(20).order(ByteOrder.nativeOrder());
    event.putInt(1).putInt(Inotify.CREATE).putInt(0).putInt(5).putInt(0).flip();
    DirFdTest.assertFails(Errno.EUCLEAN, () -> Inotify.parse(event));
    DirFdTest.assertFails(Errno.EUCLEAN, () -> Inotify.parse(ByteBuffer.allocate(7)));
  }
}
