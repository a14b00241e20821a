package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DirFdTest {
  private static final Name A = Name.of("a");
  private static final Name B = Name.of("b");
  private static final Name HERE = Name.of("here");

  private LoopFileSystem fileSystem;
  private DirFd root;
  private DirFd dir;

  @BeforeAll
  void make() throws IOException {
    fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
    root = fileSystem.open();
  }

  @AfterAll
  void unmake() {
    root.close();
    fileSystem.close();
  }

  @BeforeEach
  void enter() throws IOException {
    root.mkdir(HERE, 0755);
    dir = root.openDirectory(HERE);
  }

  @AfterEach
  void leave() {
    dir.close();
    LoopFileSystem.run("rm", "-rf", fileSystem.path().resolve("here").toString());
  }

  static void assertFails(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(call)
        .satisfies(failure -> assertThat(failure.errno()).as("%s", failure).isEqualTo(errno));
  }

  static List<Listed> listAll(DirFd directory) throws IOException {
    List<Listed> all = new ArrayList<>();
    try (Listing listing = directory.list()) {
      for (Listed next = listing.next(); next != null; next = listing.next()) {
        all.add(next);
      }
    }
    return all;
  }

  @Test
  void entersNothingThatIsMountedWhereThatIsNotWanted() throws IOException {
    dir.mkdir(A, 0755);
    dir.mkdir(B, 0755);
    Path here = fileSystem.path().resolve("here");
    String point = here.resolve("b").toString();
    dir.openDirectoryOfSameMount(B).close();
    // The same filesystem twice: only the mount tells them apart.
    LoopFileSystem.run("mount", "--bind", here.resolve("a").toString(), point);
    try {
      dir.openDirectory(B).close();
      assertFails(Errno.EXDEV, () -> dir.openDirectoryOfSameMount(B));
      dir.openDirectoryOfSameMount(A).close();
    } finally {
      LoopFileSystem.run("umount", point);
    }
  }

  @Test
  void statTellsWhatIsThere() throws IOException {
    try (FileFd file = dir.create(A, 06751)) {
      file.truncate(12345);
      file.setOwner(17, 4_000_000);
      file.setPermissions(06751);
      file.setModified(new Timestamp(-1234567890L, 987654321));
      assertThat(dir.stat(A)).isEqualTo(file.stat());
    }
    Stat stat = dir.stat(A);
    assertThat(stat.kind()).isEqualTo(FileKind.REGULAR_FILE);
    assertThat(stat.permissions()).isEqualTo(06751);
    assertThat(stat.owner()).isEqualTo(17);
    assertThat(stat.group()).isEqualTo(4_000_000);
    assertThat(stat.size()).isEqualTo(12345);
    assertThat(stat.blocks()).isZero();
    assertThat(stat.links()).isEqualTo(1);
    assertThat(stat.modified()).isEqualTo(new Timestamp(-1234567890L, 987654321));
    assertThat(stat.born()).isNotNull();
    assertThat(stat.isMountRoot()).isFalse();
    assertThat(root.stat().isMountRoot()).isTrue();
    assertThat(stat.device()).isEqualTo(root.stat().device());
    assertThat(dir.stat(RelPath.of("a"))).isEqualTo(stat);
    assertThat(dir.statIfPresent(B)).isNull();
  }

  @Test
  void listsEveryKindAndAnyBytes() throws IOException {
    Name odd = Name.of(new byte[] {'x', (byte) 0xff, '\n', (byte) 0xc3});
    dir.create(odd).close();
    dir.mkdir(A, 0700);
    dir.symlink(Bytes.of("nowhere"), B);
    dir.mknod(Name.of("fifo"), FileKind.FIFO, 0622, 0, 0);
    dir.mknod(Name.of("null"), FileKind.CHARACTER_DEVICE, 0666, 1, 3);
    assertThat(listAll(dir))
        .extracting(Listed::name, Listed::kind)
        .containsExactlyInAnyOrder(
            tuple(odd, FileKind.REGULAR_FILE),
            tuple(A, FileKind.DIRECTORY),
            tuple(B, FileKind.SYMBOLIC_LINK),
            tuple(Name.of("fifo"), FileKind.FIFO),
            tuple(Name.of("null"), FileKind.CHARACTER_DEVICE));
    assertThat(listAll(dir)).hasSize(5);
    assertThat(dir.stat(Name.of("fifo")).permissions()).isEqualTo(0622);
    assertThat(dir.stat(Name.of("null")).rdevMajor()).isEqualTo(1);
    assertThat(dir.stat(Name.of("null")).rdevMinor()).isEqualTo(3);
    assertThat(dir.stat(odd).kind()).isEqualTo(FileKind.REGULAR_FILE);
  }

  @Test
  void refusesLinksOnTheWay() throws IOException {
    dir.mkdir(A, 0755);
    dir.symlink(Bytes.of("a"), B);
    dir.symlink(Bytes.of("/etc"), Name.of("etc"));
    assertFails(Errno.ELOOP, () -> dir.openDirectory(B));
    assertFails(Errno.ELOOP, () -> dir.openDirectory(RelPath.of("b")));
    assertFails(Errno.ELOOP, () -> dir.openFile(RelPath.of("etc/passwd"), Access.READ));
    assertFails(Errno.ELOOP, () -> dir.openFile(Name.of("etc"), Access.READ));
    assertFails(Errno.ELOOP, () -> dir.stat(RelPath.of("etc/passwd")));
    assertThat(dir.stat(RelPath.of("etc")).kind()).isEqualTo(FileKind.SYMBOLIC_LINK);
    assertFails(Errno.EISDIR, () -> dir.openFile(A, Access.READ));
  }

  @Test
  void aLinkSwappedInIsNotFollowed() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("DirFdTest.aLinkSwappedInIsNotFollowed seed " + seed);
    dir.mkdir(A, 0755);
    try (DirFd inside = dir.openDirectory(A)) {
      inside.create(Name.of("passwd")).close();
    }
    dir.symlink(Bytes.of("/etc"), B);
    AtomicBoolean done = new AtomicBoolean();
    Thread swapper =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!done.get()) {
                    try {
                      dir.renameExchange(A, dir, B);
                    } catch (LinuxException failed) {
                      throw new UncheckedIOException(failed);
                    }
                  }
                });
    int reached = 0;
    int refused = 0;
    long device = dir.stat().device();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while ((reached < 100 || refused < 100) && System.nanoTime() < deadline) {
      try (FileFd file = dir.openFile(RelPath.of("a/passwd"), Access.READ)) {
        assertThat(file.stat().device()).isEqualTo(device);
        reached++;
      } catch (LinuxException failure) {
        assertThat(failure.errno()).isEqualTo(Errno.ELOOP);
        refused++;
      }
    }
    done.set(true);
    swapper.join();
    assertThat(reached).isGreaterThanOrEqualTo(100);
    assertThat(refused).isGreaterThanOrEqualTo(100);
  }

  @Test
  void aPathLongerThanTheKernelTakesIsWalked() throws IOException {
    Name longName = Name.of("n".repeat(255));
    List<Name> path = new ArrayList<>();
    List<DirFd> open = new ArrayList<>();
    DirFd at = dir;
    for (int i = 0; i < 40; i++) {
      at.mkdir(longName, 0755);
      at = at.openDirectory(longName);
      open.add(at);
      path.add(longName);
    }
    at.create(A).close();
    path.add(A);
    try (FileFd file = dir.openFile(RelPath.of(path), Access.READ);
        DirFd directory = dir.openDirectory(RelPath.of(path.subList(0, 40)))) {
      assertThat(file.stat()).isEqualTo(at.stat(A));
      assertThat(directory.stat()).isEqualTo(at.stat());
    }
    path.set(20, B);
    assertFails(Errno.ENOENT, () -> dir.openFile(RelPath.of(path), Access.READ));
    open.forEach(DirFd::close);
  }

  @Test
  void renamesInEveryWay() throws IOException {
    dir.create(A).close();
    dir.mkdir(B, 0755);
    Stat file = dir.stat(A);
    Stat directory = dir.stat(B);
    assertFails(Errno.EEXIST, () -> dir.renameNoReplace(A, dir, B));
    dir.renameExchange(A, dir, B);
    assertThat(dir.stat(A).inode()).isEqualTo(directory.inode());
    assertThat(dir.stat(B).inode()).isEqualTo(file.inode());
    try (DirFd below = dir.openDirectory(A)) {
      dir.rename(B, below, B);
      assertThat(below.stat(B).isSameInode(file)).isTrue();
      below.link(B, dir, B);
      assertThat(dir.stat(B).links()).isEqualTo(2);
      below.renameNoReplace(B, dir, Name.of("c"));
    }
    assertFails(Errno.ENOENT, () -> dir.rename(Name.of("x"), dir, B));
    dir.unlink(B);
    assertFails(Errno.EISDIR, () -> dir.unlink(A));
    assertFails(Errno.ENOTDIR, () -> dir.rmdir(Name.of("c")));
    dir.create(B).close();
    dir.rename(B, dir, Name.of("c"));
    dir.rmdir(A);
    assertThat(listAll(dir)).extracting(Listed::name).containsExactly(Name.of("c"));
  }

  @Test
  void anErrorSaysWhatWasTriedOnWhat() throws IOException {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> dir.rename(A, root, Name.of(new byte[] {'b', 7})))
        .satisfies(failure -> assertThat(failure.is(Errno.EIO, Errno.ENOENT)).isTrue())
        .withMessage(
            "renameat2 \"%1$s/here/a\" to \"%1$s/b\\x07\": No such file or directory (ENOENT)",
            fileSystem.path());
    dir.mkdir(A, 0755);
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> root.openFile(RelPath.of("here/a"), Access.READ))
        .withMessage("openat \"%s/here/a\": Is a directory (EISDIR)", fileSystem.path());
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> DirFd.openRoot(Path.of("/no/such")))
        .withMessage("openat \"/no/such\": No such file or directory (ENOENT)");
  }

  @Test
  void aFileWithoutANameGetsOne() throws IOException {
    try (FileFd file = dir.createUnnamed(0604)) {
      file.write(ByteBuffer.allocateDirect(10), 0);
      assertThat(file.stat().links()).isZero();
      dir.linkFrom(file, A);
      assertThat(dir.stat(A)).isEqualTo(file.stat());
      assertThat(dir.stat(A).permissions()).isEqualTo(0604);
      assertFails(Errno.EEXIST, () -> dir.linkFrom(file, A));
    }
    dir.symlink(Bytes.of("nowhere"), B);
    assertFails(Errno.EEXIST, () -> dir.create(B));
  }

  @Test
  void permissionsNeverFollow() throws IOException {
    dir.create(A, 0777).close();
    dir.symlink(Bytes.of("a"), B);
    assertThat(dir.stat(A).permissions()).isEqualTo(0777);
    assertFails(Errno.EOPNOTSUPP, () -> dir.setPermissions(B, 0600));
    assertFails(Errno.EOPNOTSUPP, () -> dir.setPermissionsThroughDescriptor(B, 0600));
    assertThat(dir.stat(A).permissions()).isEqualTo(0777);
    dir.setPermissionsThroughDescriptor(A, 01234);
    assertThat(dir.stat(A).permissions()).isEqualTo(01234);
    dir.setOwner(B, 1, 2);
    dir.setModified(B, new Timestamp(3, 4));
    assertThat(dir.stat(A).owner()).isZero();
    assertThat(dir.stat(B).owner()).isEqualTo(1);
    assertThat(dir.stat(B).modified()).isEqualTo(new Timestamp(3, 4));
    assertThat(dir.stat(A).modified()).isNotEqualTo(new Timestamp(3, 4));
    dir.setPermissions(0711);
    dir.setOwner(7, 8);
    dir.setModified(new Timestamp(5, 6));
    Stat self = root.stat(HERE);
    assertThat(self).isEqualTo(dir.stat());
    assertThat(self.permissions()).isEqualTo(0711);
    assertThat(self.group()).isEqualTo(8);
    assertThat(self.modified()).isEqualTo(new Timestamp(5, 6));
  }

  @Test
  void linksHoldAnyBytes() throws IOException {
    Bytes target = Bytes.of(new byte[] {'.', '.', '/', (byte) 0xfe, '\n'});
    dir.symlink(target, A);
    assertThat(dir.readLink(A)).isEqualTo(target);
    Bytes longest = Bytes.of("x".repeat(1000));
    dir.symlink(longest, B);
    assertThat(dir.readLink(B)).isEqualTo(longest);
    assertFails(Errno.ENAMETOOLONG, () -> dir.symlink(Bytes.of("x".repeat(4096)), HERE));
    assertFails(Errno.EINVAL, () -> dir.symlink(Bytes.of(new byte[] {'a', 0, 'b'}), HERE));
    dir.mkdir(HERE, 0700);
    assertFails(Errno.EINVAL, () -> dir.readLink(HERE));
  }

  @Test
  void handlesOutliveNames() throws IOException {
    dir.create(A).close();
    FileHandle handle = dir.handle(A);
    Stat stat = dir.stat(A);
    try (FileFd file = dir.openFile(A, Access.READ)) {
      assertThat(file.handle()).isEqualTo(handle);
    }
    assertThat(dir.handle()).isEqualTo(root.handle(HERE)).isNotEqualTo(handle);
    dir.rename(A, root, B);
    try (FileFd file = dir.openFile(handle, Access.READ)) {
      assertThat(file.stat().inode()).isEqualTo(stat.inode());
    }
    assertThat(dir.statIfPresent(handle)).isEqualTo(root.stat(B));
    assertFails(Errno.EISDIR, () -> dir.openFile(dir.handle(), Access.READ));
    root.unlink(B);
    assertThat(dir.statIfPresent(handle)).isNull();
    assertFails(Errno.ESTALE, () -> dir.openFile(handle, Access.READ));
  }

  @Test
  void manyNamesAreListedOnceEach() throws IOException {
    int count = 15_000;
    for (int i = 0; i < count; i++) {
      dir.symlink(Bytes.of("x"), Name.of("a rather long name of a file, number " + i));
    }
    List<Listed> all = listAll(dir);
    assertThat(all).hasSize(count);
    assertThat(all.stream().map(Listed::name).distinct()).hasSize(count);
    try (Listing first = dir.list();
        Listing second = dir.list()) {
      for (Listed expected : all) {
        assertThat(first.next()).isEqualTo(expected);
        assertThat(second.next()).isEqualTo(expected);
      }
      assertThat(first.next()).isNull();
      assertThat(first.next()).isNull();
    }
  }

  @Test
  void aRemovedDirectoryIsEmpty() throws IOException {
    dir.mkdir(A, 0755);
    try (DirFd gone = dir.openDirectory(A)) {
      dir.rmdir(A);
      assertThat(listAll(gone)).isEmpty();
      assertThat(gone.stat().links()).isZero();
      assertFails(Errno.ENOENT, () -> gone.create(B));
      gone.fsync();
      gone.syncfs();
    }
  }

  @Test
  void deviceNumbersAreKept() throws IOException {
    dir.mknod(A, FileKind.BLOCK_DEVICE, 0660, 0xfff, 0xfffff);
    assertThat(dir.stat(A).rdevMajor()).isEqualTo(0xfff);
    assertThat(dir.stat(A).rdevMinor()).isEqualTo(0xfffff);
    dir.mknod(B, FileKind.SOCKET, 0777, 0, 0);
    assertThat(dir.stat(B).kind()).isEqualTo(FileKind.SOCKET);
    assertThat(dir.stat(B).permissions()).isEqualTo(0777);
    assertFails(Errno.EINVAL, () -> dir.mknod(HERE, FileKind.BLOCK_DEVICE, 0600, 0x1000, 0));
  }
}
