package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.Timestamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AttributesTest {
  private static final Name A = Name.of("a");
  private static final Name B = Name.of("b");

  /** File capabilities, version 2: the kernel checks the format. */
  private static final byte[] CAPABILITY = {
    1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static Attribute attribute(String name, byte[] value) {
    return new Attribute(Bytes.of(name), Bytes.of(value));
  }

  private static List<Attribute> sorted(List<Attribute> attributes) {
    return attributes.stream().sorted(Comparator.comparing(Attribute::name)).toList();
  }

  @ParameterizedTest
  @EnumSource(
      value = LoopFileSystem.Kind.class,
      names = {"EXT4", "XFS", "BTRFS"})
  void allNamespacesComeAndGo(LoopFileSystem.Kind kind) throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(kind, 64);
        DirFd root = fileSystem.open()) {
      root.create(A, 0640).close();
      assertThat(root.attributes(A)).isEmpty();
      LoopFileSystem.run("setfacl", "-m", "u:42:rwx", fileSystem.path() + "/a");
      List<Attribute> acl = root.attributes(A);
      assertThat(acl)
          .extracting(Attribute::name)
          .containsExactly(Bytes.of("system.posix_acl_access"));
      List<Attribute> others =
          List.of(
              attribute("security.capability", CAPABILITY),
              attribute("trusted.mine", new byte[0]),
              attribute("user.\u00e9", new byte[] {0, (byte) 0xff, 0}));
      for (Attribute other : others) {
        root.setAttribute(A, other);
      }
      root.create(B).close();
      try (FileFd copy = root.openFile(B, Access.READ_WRITE)) {
        for (Attribute each : root.attributes(A)) {
          copy.setAttribute(each);
        }
        assertThat(sorted(copy.attributes())).hasSize(4).containsAll(others).containsAll(acl);
        assertThat(sorted(root.attributes(A))).isEqualTo(sorted(copy.attributes()));
        assertThat(LoopFileSystem.run("getfacl", "-nc", fileSystem.path() + "/b"))
            .contains("user:42:rwx");
        assertThat(copy.removeAttribute(Bytes.of("trusted.mine"))).isTrue();
        assertThat(copy.removeAttribute(Bytes.of("trusted.mine"))).isFalse();
      }
      olderKernelsListTheSame(root);
      assertThat(root.removeAttribute(A, Bytes.of("user.\u00e9"))).isTrue();
      assertThat(root.attributes(A)).hasSize(3);
    }
  }

  private static void olderKernelsListTheSame(DirFd root) {
    try (Scratch scratch = Scratch.take()) {
      long names = scratch.large().address();
      Attributes attributes = Attributes.ofName(root.number(), A);
      int length = (int) attributes.namesThroughProc(scratch, A, names);
      byte[] list = scratch.copyOf(scratch.large(), length);
      assertThat(new String(list, StandardCharsets.UTF_8).split("\0", -1))
          .contains("trusted.mine", "user.\u00e9", "system.posix_acl_access");
    }
  }

  @Test
  void ofLinksAndDirectories() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 32);
        DirFd root = fileSystem.open()) {
      root.create(A).close();
      root.symlink(Bytes.of("a"), B);
      Attribute trusted = attribute("trusted.t", new byte[] {1});
      root.setAttribute(B, trusted);
      assertThat(root.attributes(B)).containsExactly(trusted);
      assertThat(root.attributes(A)).isEmpty();
      Attribute user = attribute("user.u", new byte[] {2});
      DirFdTest.assertFails(Errno.EPERM, () -> root.setAttribute(B, user));
      root.mknod(Name.of("fifo"), FileKind.FIFO, 0600, 0, 0);
      assertThat(root.attributes(Name.of("fifo"))).isEmpty();
      root.setAttribute(user);
      assertThat(root.attributes()).containsExactly(user);
      assertThat(root.removeAttribute(Bytes.of("user.u"))).isTrue();
      assertThat(root.attributes()).isEmpty();
      DirFdTest.assertFails(Errno.ENOENT, () -> root.attributes(Name.of("none")));
    }
  }

  @Test
  void largeValuesAndManyNames() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.XFS, 64);
        DirFd root = fileSystem.open();
        FileFd file = root.create(A)) {
      byte[] large = new byte[65536];
      large[65535] = 7;
      file.setAttribute(attribute("user.large", large));
      for (int i = 0; i < 500; i++) {
        file.setAttribute(attribute("user.attribute-number-" + i, new byte[] {(byte) i}));
      }
      List<Attribute> all = file.attributes();
      assertThat(all).hasSize(501).contains(attribute("user.large", large));
      DirFdTest.assertFails(
          Errno.E2BIG, () -> file.setAttribute(attribute("user.larger", new byte[65537])));
    }
  }

  @Test
  void aFileSystemWithoutThemHasNone() throws IOException {
    try (DirFd proc = DirFd.openRoot(Bytes.of("/proc/self"))) {
      assertThat(proc.attributes(Name.of("status"))).isEmpty();
      DirFdTest.assertFails(
          Errno.EOPNOTSUPP,
          () -> proc.setAttribute(Name.of("status"), attribute("user.u", new byte[1])));
    }
  }

  @Test
  void anOpenedEntryIsMeantAlsoWhenItsNameIsNot() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
        DirFd root = fileSystem.open()) {
      root.create(A, 0640).close();
      Attribute attribute = attribute("trusted.mine", new byte[] {1});
      try (EntryFd open = root.openEntry(A)) {
        root.rename(A, root, B);
        root.symlink(Bytes.of("b"), A);
        open.setAttribute(attribute);
        open.setOwner(7, 8);
        open.setPermissions(0604);
        open.setModified(new Timestamp(5, 6));
        assertThat(open.attributes()).containsExactly(attribute);
        assertThat(root.attributes(B)).containsExactly(attribute);
        assertThat(root.stat(B).permissions()).isEqualTo(0604);
        assertThat(root.stat(B).owner()).isEqualTo(7);
        assertThat(root.stat(B).modified()).isEqualTo(new Timestamp(5, 6));
        assertThat(open.removeAttribute(attribute.name())).isTrue();
        assertThat(root.attributes(B)).isEmpty();
      }
      try (EntryFd link = root.openEntry(A)) {
        link.setOwner(9, 10);
        link.setModified(new Timestamp(11, 12));
        link.setAttribute(attribute);
        assertThat(link.stat().kind()).isEqualTo(FileKind.SYMBOLIC_LINK);
      }
      assertThat(root.stat(A).owner()).isEqualTo(9);
      assertThat(root.stat(A).modified()).isEqualTo(new Timestamp(11, 12));
      assertThat(root.attributes(A)).containsExactly(attribute);
      assertThat(root.stat(B).owner()).as("what the link means").isEqualTo(7);
      assertThat(root.attributes(B)).isEmpty();
    }
  }
}
