package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProcessFilesTest {
  private static final Name A = Name.of("a");
  private static final Name B = Name.of("b");
  private static final int OWN_PID = Math.toIntExact(ProcessHandle.current().pid());

  private static List<OpenFile> scan(ProcessFiles files) throws IOException {
    List<OpenFile> found = new ArrayList<>();
    while (!files.scan(Long.MAX_VALUE, found::add)) {
      assertThat(found).hasSizeLessThan(1000);
    }
    return found;
  }

  @ParameterizedTest
  @EnumSource(
      value = LoopFileSystem.Kind.class,
      names = {"EXT4", "BTRFS"})
  void findsWritersAndMappings(LoopFileSystem.Kind kind) throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(kind, 64);
        DirFd root = fileSystem.open();
        Arena arena = Arena.ofConfined();
        ProcessFiles files = new ProcessFiles(Set.of(root.stat().device()), false)) {
      root.create(B).close();
      try (FileFd written = root.create(A);
          FileFd read = root.openFile(B, Access.READ)) {
        assertThat(read.access()).isEqualTo(Access.READ);
        assertThat(scan(files))
            .containsExactly(
                new OpenFile(
                    OWN_PID,
                    root.stat().device(),
                    written.stat().inode(),
                    Bytes.of(fileSystem.path() + "/a"),
                    false));
      }
      assertThat(scan(files)).isEmpty();
      try (FileChannel channel =
          FileChannel.open(
              fileSystem.path().resolve("b"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        channel.map(FileChannel.MapMode.READ_WRITE, 0, 100, arena).fill((byte) 1);
      }
      assertThat(scan(files))
          .containsExactly(
              new OpenFile(
                  OWN_PID,
                  root.stat().device(),
                  root.stat(B).inode(),
                  Bytes.of(fileSystem.path() + "/b"),
                  true));
      try (ProcessFiles others = new ProcessFiles(Set.of(root.stat().device()), true)) {
        assertThat(scan(others)).isEmpty();
      }
    }
  }

  @Test
  void aPassMayTakeManyCalls() throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 16);
        DirFd root = fileSystem.open();
        FileFd written = root.create(A);
        ProcessFiles files = new ProcessFiles(Set.of(root.stat().device()), false)) {
      written.write(ByteBuffer.allocateDirect(1), 0);
      List<OpenFile> found = new ArrayList<>();
      int calls = 1;
      while (!files.scan(0, found::add)) {
        calls++;
      }
      assertThat(calls).isGreaterThan(1);
      assertThat(found).hasSize(1);
    }
  }

  @Test
  void readsMappings() {
    String maps =
        """
        00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/dbus-daemon
        7f00-7f01000 rw-p 00000000 00:00 0
        7f2c0000-7f2d0000 rw-s 00001000 fd:0a 99      /srv/a b
        0def0000-0df00000 rw-s 00000000 00:05 7      /dev/zero (deleted)
        7f000000-7f010000 rw-s 00000000 00:05 1 anon
        7f000000-7f010000 r--s 00000000 08:02 5 /srv/read
        rw-s
        x w s / /
        """;
    assertThat(Mapping.parse(maps.getBytes(StandardCharsets.US_ASCII)))
        .containsExactly(
            new Mapping(
                Name.of("7f2c0000-7f2d0000"), Stat.device(0xfd, 0xa), 99, Bytes.of("/srv/a b")),
            new Mapping(
                Name.of("def0000-df00000"), Stat.device(0, 5), 7, Bytes.of("/dev/zero (deleted)")));
  }
}
