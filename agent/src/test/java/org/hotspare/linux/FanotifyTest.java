package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FanotifyTest {
  private static final Name A = Name.of("a");
  private static final Name B = Name.of("b");
  private static final Name D = Name.of("d");
  private static final Duration SOON = Duration.ofSeconds(10);

  /** Reads until one event is as wanted. */
  static Fanotify.Event await(Fanotify fanotify, Predicate<Fanotify.Event> wanted)
      throws IOException {
    long deadline = System.nanoTime() + SOON.toNanos();
    List<Fanotify.Event> seen = new ArrayList<>();
    while (System.nanoTime() < deadline) {
      for (Fanotify.Event event : fanotify.read(Duration.ofMillis(500))) {
        if (wanted.test(event)) {
          return event;
        }
        seen.add(event);
      }
    }
    throw new AssertionError("no such event among " + seen);
  }

  @ParameterizedTest
  @EnumSource(
      value = LoopFileSystem.Kind.class,
      names = {"EXT4", "XFS", "BTRFS", "TMPFS"})
  void tellsNamesAndHandles(LoopFileSystem.Kind kind) throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(kind, 64);
        DirFd root = fileSystem.open();
        Fanotify fanotify = Fanotify.open(false)) {
      fanotify.markFileSystem(root);
      assertThat(fanotify.pairsRenames()).isTrue();
      assertThat(fanotify.read(Duration.ZERO)).isEmpty();
      root.mkdir(D, 0755);
      Fanotify.Event made = await(fanotify, Fanotify.Event::created);
      assertThat(made.isDirectory()).isTrue();
      assertThat(made.name()).isEqualTo(D);
      assertThat(made.directory()).isEqualTo(root.handle());
      assertThat(made.target()).isEqualTo(root.handle(D));
      assertThat(made.fileSystemId()).isEqualTo(root.fileSystemId());
      assertThat(made.pid()).isEqualTo((int) ProcessHandle.current().pid());
      try (DirFd below = root.openDirectory(D)) {
        tellsBothNamesOfRename(root, below, fanotify);
        below.setPermissions(0700);
        Fanotify.Event self = await(fanotify, e -> e.attributesChanged() && e.name() == null);
        assertThat(self.directory()).isEqualTo(below.handle());
        assertThat(self.isDirectory()).isTrue();
        below.unlink(B);
        assertThat(await(fanotify, Fanotify.Event::deleted).name()).isEqualTo(B);
      }
      fanotify.unmarkFileSystem(root);
      root.create(B).close();
      assertThat(fanotify.read(Duration.ZERO)).isEmpty();
      DirFdTest.assertFails(Errno.ENOENT, () -> fanotify.unmarkFileSystem(root));
    }
  }

  private static void tellsBothNamesOfRename(DirFd root, DirFd below, Fanotify fanotify)
      throws IOException {
    try (FileFd file = root.create(A)) {
      file.write(ByteBuffer.allocateDirect(10), 0);
    }
    assertThat(await(fanotify, Fanotify.Event::closedAfterWrite).name()).isEqualTo(A);
    root.rename(A, below, B);
    Fanotify.Event renamed = await(fanotify, Fanotify.Event::renamed);
    assertThat(renamed.directory()).isEqualTo(root.handle());
    assertThat(renamed.name()).isEqualTo(A);
    assertThat(renamed.newDirectory()).isEqualTo(below.handle());
    assertThat(renamed.newName()).isEqualTo(B);
    assertThat(renamed.target()).isEqualTo(below.handle(B));
    assertThat(renamed.isDirectory()).isFalse();
  }

  @Test
  void overlayIsRefusedBySayingWhy() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.OVERLAY, 64);
        DirFd root = fileSystem.open();
        Fanotify fanotify = Fanotify.open(false)) {
      assertThat(root.type()).isEqualTo(FileSystemType.OVERLAY);
      DirFdTest.assertFails(Errno.EOPNOTSUPP, () -> fanotify.markFileSystem(root));
    }
  }

  @Test
  void subvolumeIsRefusedBySayingWhy() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.BTRFS, 64);
        Fanotify fanotify = Fanotify.open(false)) {
      String path = fileSystem.path().resolve("sub").toString();
      LoopFileSystem.run("btrfs", "subvolume", "create", path);
      try (DirFd root = fileSystem.open();
          DirFd subvolume = root.openDirectory(Name.of("sub"))) {
        DirFdTest.assertFails(Errno.EXDEV, () -> fanotify.markFileSystem(subvolume));
        fanotify.markFileSystem(root);
        subvolume.create(A).close();
        Fanotify.Event made = await(fanotify, Fanotify.Event::created);
        assertThat(made.directory()).isEqualTo(subvolume.handle());
        // A subvolume's statfs tells another id than its events do.
        assertThat(made.fileSystemId()).isEqualTo(root.fileSystemId());
        assertThat(subvolume.fileSystemId()).isNotEqualTo(root.fileSystemId());
      }
    }
  }

  @Test
  void overflowIsAnEvent() throws IOException {
    int limit =
        Integer.parseInt(
            LoopFileSystem.run("cat", "/proc/sys/fs/fanotify/max_queued_events").strip());
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 64);
        DirFd root = fileSystem.open();
        Fanotify fanotify = Fanotify.open(false)) {
      fanotify.markFileSystem(root);
      for (int i = 0; i <= limit; i++) {
        root.mkdir(Name.of("n" + i), 0700);
      }
      Fanotify.Event lost = await(fanotify, Fanotify.Event::isOverflow);
      assertThat(lost.directory()).isNull();
      assertThat(lost.name()).isNull();
    }
  }

  @Test
  void wakeEndsAWait() throws Exception {
    try (Fanotify fanotify = Fanotify.open(true)) {
      fanotify.wake();
      long before = System.nanoTime();
      assertThat(fanotify.read(SOON)).isEmpty();
      Thread waker = Thread.ofPlatform().start(fanotify::wake);
      assertThat(fanotify.read(SOON)).isEmpty();
      waker.join();
      assertThat(System.nanoTime() - before).isLessThan(SOON.toNanos());
      assertThat(fanotify.read(Duration.ofMillis(1))).isEmpty();
    }
  }

  @Test
  void damagedEventsAreRefused() throws IOException {
    long seed = new Random().nextLong();
    System.out.println("FanotifyTest.damagedEventsAreRefused seed " + seed);
    Random random = new Random(seed);
    byte[] event = event();
    assertThat(FanotifyFormat.parse(buffer(event))).hasSize(1);
    for (int i = 0; i < 100_000; i++) {
      byte[] damaged = event.clone();
      for (int changes = random.nextInt(1, 5); changes > 0; changes--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextInt(damaged.length + 1);
      try {
        assertThat(FanotifyFormat.parse(buffer(damaged).limit(length))).hasSizeLessThan(4);
      } catch (LinuxException refused) {
        assertThat(refused.errno()).isEqualTo(Errno.EUCLEAN);
      }
    }
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> FanotifyFormat.parse(buffer(event).limit(event.length - 1)));
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  /** A rename with its three records. */
  private static byte[] event() {
    ByteBuffer event = ByteBuffer.allocate(200).order(ByteOrder.nativeOrder());
    event.putInt(0).put((byte) 3).put((byte) 0).putShort((short) 24);
    event.putLong(Fanotify.RENAME).putInt(-1).putInt(77);
    for (int type : new int[] {10, 12, 1}) {
      int start = event.position();
      event.put((byte) type).put((byte) 0).putShort((short) 0).putLong(0x1234);
      event.putInt(12).putInt(0x81).put(new byte[12]);
      if (type != 1) {
        event.put(new byte[] {'n', 'a', 'm', 'e', 0, 0, 0, 0});
      }
      event.putShort(start + 2, (short) (event.position() - start));
    }
    event.putInt(0, event.position());
    byte[] bytes = new byte[event.position()];
    event.flip().get(bytes);
    return bytes;
  }
}
