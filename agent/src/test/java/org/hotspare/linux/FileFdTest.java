package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FileFdTest {
  private static final Name A = Name.of("a");
  private static final Name B = Name.of("b");
  private static final int MEBIBYTE = 1 << 20;

  private final LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
  private final DirFd root = open(fileSystem);

  private static DirFd open(LoopFileSystem fileSystem) {
    try {
      return fileSystem.open();
    } catch (IOException failed) {
      fileSystem.close();
      throw new IllegalStateException(failed);
    }
  }

  @AfterEach
  void unmake() {
    root.close();
    fileSystem.close();
  }

  private static ByteBuffer random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return ByteBuffer.allocateDirect(length).put(bytes).flip();
  }

  private static ByteBuffer readAll(FileFd file) throws IOException {
    ByteBuffer content = ByteBuffer.allocateDirect((int) file.stat().size());
    assertThat(file.read(content, 0)).isEqualTo(content.capacity());
    return content.flip();
  }

  @Test
  void readsWhatWasWritten() throws IOException {
    ByteBuffer content = random(MEBIBYTE + 17, 1);
    try (FileFd file = root.create(A, 0640)) {
      file.write(content.duplicate().limit(100), 0);
      file.write(content.duplicate().position(100), 100);
      file.fdatasync();
      file.fsync();
      file.startWriteback(0, MEBIBYTE);
      file.adviseDontNeed(0, 0);
      assertThat(readAll(file)).isEqualTo(content);
      assertThat(file.read(ByteBuffer.allocateDirect(10), MEBIBYTE + 17)).isZero();
      ByteBuffer end = ByteBuffer.allocateDirect(100).position(10);
      assertThat(file.read(end, MEBIBYTE)).isEqualTo(17);
      assertThat(end.position()).isEqualTo(27);
      file.truncate(5);
      assertThat(file.stat().size()).isEqualTo(5);
      assertThatThrownBy(() -> file.read(ByteBuffer.allocate(1), 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
    try (FileFd file = root.openFile(A, Access.READ)) {
      assertThat(file.statWhenOpened()).isEqualTo(file.stat());
      DirFdTest.assertFails(Errno.EBADF, () -> file.write(ByteBuffer.allocateDirect(1), 0));
    }
    try (FileFd file = root.openFile(A, Access.READ_WRITE);
        FileFd again = file.reopen(Access.READ)) {
      assertThat(again.stat()).isEqualTo(file.stat());
    }
  }

  @Test
  void readingLeavesNoTrace() throws IOException {
    try (FileFd file = root.create(A)) {
      file.write(random(10, 1), 0);
    }
    String before = LoopFileSystem.run("stat", "-c", "%x", fileSystem.path() + "/a");
    LoopFileSystem.run("mount", "-o", "remount,strictatime", fileSystem.path().toString());
    try (FileFd file = root.openFile(RelPath.of("a"), Access.READ)) {
      assertThat(readAll(file).remaining()).isEqualTo(10);
    }
    assertThat(LoopFileSystem.run("stat", "-c", "%x", fileSystem.path() + "/a")).isEqualTo(before);
  }

  @Test
  void withoutPrivilegeAFileOfAnotherIsReadAllTheSame() throws IOException {
    try (FileFd file = root.create(A)) {
      file.write(random(10, 1), 0);
      file.setOwner(1000, 1000);
      file.setPermissions(0644);
    }
    assertThat(UserNamespace.run("true", Unprivileged.class, fileSystem.path().toString()))
        .containsExactly("read 10", "writers UNKNOWN", "fanotify EPERM", "handle EPERM");
  }

  /** Reads a file of another user and tells what else it may do. */
  static final class Unprivileged {
    private Unprivileged() {}

    public static void main(String[] arguments) throws IOException {
      try (DirFd directory = DirFd.openRoot(Path.of(arguments[0]));
          FileFd file = directory.openFile(A, Access.READ)) {
        System.out.println("read " + file.read(ByteBuffer.allocateDirect(100), 0));
        System.out.println("writers " + file.writers());
        try (Fanotify fanotify = Fanotify.open(false)) {
          fanotify.markFileSystem(directory);
        } catch (LinuxException refused) {
          System.out.println("fanotify " + refused.errno());
        }
        try (FileFd byHandle = directory.openFile(file.handle(), Access.READ)) {
          System.out.println("handle " + byHandle.stat());
        } catch (LinuxException refused) {
          System.out.println("handle " + refused.errno());
        }
      }
    }
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void neverWaitsForAFifoNorTouchesADevice() throws IOException {
    root.mknod(A, FileKind.FIFO, 0600, 0, 0);
    // No driver has this device: opening it in earnest would fail in another way.
    root.mknod(B, FileKind.CHARACTER_DEVICE, 0600, 250, 1234);
    for (Access access : Access.values()) {
      DirFdTest.assertFails(Errno.ENXIO, () -> root.openFile(A, access));
      DirFdTest.assertFails(Errno.ENXIO, () -> root.openFile(RelPath.of("a"), access));
      DirFdTest.assertFails(Errno.ENXIO, () -> root.openFile(B, access));
    }
  }

  @Test
  void holesAreFoundAndMade() throws IOException {
    try (FileFd file = root.create(A)) {
      file.truncate(4L * MEBIBYTE);
      assertThat(file.seekData(0)).isEqualTo(-1);
      assertThat(file.seekHole(0)).isZero();
      file.write(random(MEBIBYTE, 1), MEBIBYTE);
      assertThat(file.seekData(0)).isEqualTo(MEBIBYTE);
      assertThat(file.seekHole(MEBIBYTE)).isEqualTo(2 * MEBIBYTE);
      assertThat(file.punchHole(MEBIBYTE, MEBIBYTE / 2)).isTrue();
      assertThat(file.seekData(0)).isEqualTo(MEBIBYTE + MEBIBYTE / 2);
      assertThat(file.stat().size()).isEqualTo(4L * MEBIBYTE);
      assertThat(file.allocate(0, 5L * MEBIBYTE)).isTrue();
      assertThat(file.stat().size()).isEqualTo(4L * MEBIBYTE);
      assertThat(file.stat().blocks()).isGreaterThanOrEqualTo(5L * MEBIBYTE / 512);
      assertThat(file.seekHole(4L * MEBIBYTE)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(LoopFileSystem.Kind.class)
  void copiesAndClones(LoopFileSystem.Kind kind) throws IOException {
    ByteBuffer content = random(3 * MEBIBYTE + 5, 3);
    try (LoopFileSystem other = LoopFileSystem.create(kind, 64);
        DirFd there = other.open();
        FileFd source = there.create(A);
        FileFd copy = there.create(B);
        FileFd far = root.create(A)) {
      source.write(content.duplicate(), 0);
      boolean clones = kind == LoopFileSystem.Kind.XFS || kind == LoopFileSystem.Kind.BTRFS;
      assertThat(copy.cloneFrom(source)).isEqualTo(clones);
      assertThat(far.cloneFrom(source)).isFalse();
      if (clones) {
        assertThat(readAll(copy)).isEqualTo(content);
        copy.truncate(0);
      }
      assertThat(copy.copyRangeFrom(source, 0, 0, 10L * MEBIBYTE)).isEqualTo(content.limit());
      assertThat(readAll(copy)).isEqualTo(content);
      assertThat(far.copyRangeFrom(source, 1000, 0, MEBIBYTE)).isEqualTo(MEBIBYTE);
      assertThat(readAll(far)).isEqualTo(content.slice(1000, MEBIBYTE));
    }
  }

  @Test
  void metadataOfTheOpenFile() throws IOException {
    try (FileFd file = root.create(A)) {
      assertThat(file.stat().permissions()).isEqualTo(0600);
      file.setOwner(5, 6);
      file.setPermissions(04755);
      file.setModified(new Timestamp(1, 2));
      Stat stat = root.stat(A);
      assertThat(stat.owner()).isEqualTo(5);
      assertThat(stat.group()).isEqualTo(6);
      assertThat(stat.permissions()).isEqualTo(04755);
      assertThat(stat.modified()).isEqualTo(new Timestamp(1, 2));
    }
  }

  @Test
  void aWriterIsNoticed() throws IOException {
    root.create(A).close();
    try (FileFd reader = root.openFile(A, Access.READ)) {
      assertThat(reader.writers()).isEqualTo(WriterCheck.NONE);
      try (FileFd writer = root.openFile(A, Access.WRITE)) {
        assertThat(writer.access()).isEqualTo(Access.WRITE);
        assertThat(reader.writers()).isEqualTo(WriterCheck.WRITERS);
        assertThatThrownBy(writer::writers).isInstanceOf(IllegalStateException.class);
      }
      try (FileFd other = root.openFile(A, Access.READ)) {
        assertThat(other.access()).isEqualTo(Access.READ);
        assertThat(reader.writers()).isEqualTo(WriterCheck.NONE);
      }
    }
  }

  @Test
  void aMappingIsNoticed() throws IOException {
    root.create(A).close();
    try (FileFd reader = root.openFile(A, Access.READ)) {
      try (Arena arena = Arena.ofConfined()) {
        try (FileChannel channel =
            FileChannel.open(
                fileSystem.path().resolve("a"),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
          channel.map(FileChannel.MapMode.READ_WRITE, 0, 100, arena).fill((byte) 1);
        }
        assertThat(reader.writers()).isEqualTo(WriterCheck.WRITERS);
      }
      assertThat(reader.writers()).isEqualTo(WriterCheck.NONE);
    }
  }

  /** By default the kernel would end this process when a writer arrives. */
  @Test
  void aWriterWhoArrivesDuringALeaseWaitsAndHarmsNobody() throws Exception {
    root.create(A).close();
    try (FileFd reader = root.openFile(A, Access.READ);
        var executor = Executors.newSingleThreadExecutor()) {
      assertThat(reader.takeReadLease()).isEqualTo(WriterCheck.NONE);
      DirFdTest.assertFails(Errno.EAGAIN, () -> root.openFile(A, Access.WRITE));
      String path = fileSystem.path() + "/a";
      Future<String> writer =
          executor.submit(() -> LoopFileSystem.run("sh", "-c", "echo written > " + path));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!LoopFileSystem.run("cat", "/proc/locks").contains("BREAKING")) {
        assertThat(System.nanoTime()).isLessThan(deadline);
      }
      assertThat(writer.isDone()).isFalse();
      reader.releaseLease();
      assertThat(writer.get(10, TimeUnit.SECONDS)).isEmpty();
      assertThat(reader.stat().size()).isEqualTo(8);
      reader.releaseLease();
    }
  }

  @Test
  void aClosedDescriptorIsABug() throws IOException {
    FileFd file = root.create(A);
    file.close();
    file.close();
    assertThatThrownBy(file::stat).isInstanceOf(IllegalStateException.class);
  }
}
