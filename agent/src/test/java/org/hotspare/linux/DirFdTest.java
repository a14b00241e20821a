package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
}
