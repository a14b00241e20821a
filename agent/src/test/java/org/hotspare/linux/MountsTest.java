package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MountsTest {
  @Test
  void findsMountsBelowAPath() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 32);
        DirFd root = fileSystem.open()) {
      Path odd = Files.createDirectory(fileSystem.path().resolve("a b\\c"));
      Files.createDirectory(fileSystem.path().resolve("part"));
      Files.createDirectory(fileSystem.path().resolve("bound"));
      LoopFileSystem.run("mount", "-t", "tmpfs", "-o", "ro", "none", odd.toString());
      LoopFileSystem.run(
          "mount", "--bind", fileSystem.path() + "/part", fileSystem.path() + "/bound");
      Bytes path = Bytes.of(fileSystem.path().toString());
      List<Mount> mounts = Mounts.atOrBelow(path);
      assertThat(mounts)
          .extracting(mount -> mount.point().toString())
          .containsExactly(path.toString(), Bytes.of(odd.toString()).toString(), path + "/bound");
      Mount outer = mounts.get(0);
      assertThat(outer.type()).isEqualTo("ext4");
      assertThat(outer.id()).isEqualTo(root.stat().mountId());
      assertThat(outer.device()).isEqualTo(root.stat().device());
      assertThat(outer.readOnly()).isFalse();
      assertThat(mounts.get(1).type()).isEqualTo("tmpfs");
      assertThat(mounts.get(1).readOnly()).isTrue();
      assertThat(mounts.get(1).parentId()).isEqualTo(outer.id());
      assertThat(mounts.get(2).root()).isEqualTo(Bytes.of("/part"));
      try (DirFd bound = root.openDirectory(Name.of("bound"))) {
        assertThat(bound.stat().isMountRoot()).isTrue();
        assertThat(bound.stat().mountId()).isEqualTo(mounts.get(2).id());
        DirFdTest.assertFails(Errno.EBUSY, () -> root.rmdir(Name.of("bound")));
      }
    }
  }

  @Test
  void aSiblingWithTheSamePrefixIsNotBelow() throws IOException {
    String line = "36 35 98:0 / /srv/www2 rw,noatime shared:1 master:2 - ext4 /dev/x rw\n";
    Mount mount = Mounts.parse(line.getBytes(StandardCharsets.UTF_8)).getFirst();
    assertThat(mount.isAtOrBelow(Bytes.of("/srv/www"))).isFalse();
    assertThat(mount.isAtOrBelow(Bytes.of("/srv/www2"))).isTrue();
    assertThat(mount.isAtOrBelow(Bytes.of("/srv/"))).isTrue();
    assertThat(mount.isAtOrBelow(Bytes.of("/"))).isTrue();
  }

  @Test
  void whatIsNoMountIsRefused() {
    for (String line : List.of("", "1 2 3", "1 2 3:4 / / rw x y z", "a 2 3:4 / / rw - a b c")) {
      DirFdTest.assertFails(
          Errno.EUCLEAN, () -> Mounts.parse((line + "\n").getBytes(StandardCharsets.UTF_8)));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = LoopFileSystem.Kind.class,
      names = {"EXT4", "XFS", "BTRFS"})
  void tellsTheUuid(LoopFileSystem.Kind kind) throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(kind, 32);
        DirFd root = fileSystem.open()) {
      String source =
          Mounts.atOrBelow(Bytes.of(fileSystem.path().toString())).getFirst().source().toString();
      String uuid = LoopFileSystem.run("blkid", "-p", "-s", "UUID", "-o", "value", source).strip();
      assertThat(FileSystemUuid.of(root)).isEqualTo(UUID.fromString(uuid));
      assertThat(root.type().name()).isEqualTo(kind.name());
      assertThat(root.fileSystemId().length()).isEqualTo(8);
      assertThat(root.space().availableBytes()).isBetween(1L, root.space().totalBytes());
      assertThat(root.space().readOnly()).isFalse();
    }
  }
}
