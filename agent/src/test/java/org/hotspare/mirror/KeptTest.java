package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was kept, and what of it cannot be removed when its time is over. */
final class KeptTest {
  private static final int FILES = 20;
  private static final Name FIRST = Name.of("1");

  private LoopFileSystem disk;
  private Path kept;

  @BeforeEach
  void make() throws IOException {
    disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
    kept = Files.createDirectories(disk.path().resolve(".hotspare/www/kept"));
  }

  @AfterEach
  void unmake() {
    disk.close();
  }

  /** A directory with files, beside a directory with files. */
  private Path keepDirectory(Name name) throws IOException {
    Path made = kept.resolve(name.toString());
    for (String inside : new String[] {"a", "b", "c"}) {
      Path directory = Files.createDirectories(made.resolve(inside));
      for (int i = 0; i < FILES; i++) {
        Files.writeString(directory.resolve("file " + i), "kept");
      }
    }
    return made;
  }

  /** Something that an operator mounted in what was moved here, with the file that is in it. */
  private Path mountIn(Path directory) throws IOException {
    Path source = Files.createDirectories(disk.path().resolve("elsewhere"));
    Files.writeString(source.resolve("precious"), "still in use");
    // Of the same filesystem: its device number does not tell.
    LoopFileSystem.run("mount", "--bind", source.toString(), directory.toString());
    return directory.resolve("precious");
  }

  @Test
  void whatIsMountedStaysAndAllElseGoes() throws IOException {
    Path directory = keepDirectory(FIRST);
    Path precious = mountIn(directory.resolve("b"));
    try (DirFd from = DirFd.openRoot(kept)) {
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> Kept.removeAll(from, FIRST))
          .withMessageContaining("kept/1/b\": Device or resource busy");
      assertThat(precious).hasContent("still in use");
      assertThat(ModelStandby.list(directory)).containsExactly(directory.resolve("b"));

      LoopFileSystem.run("umount", directory.resolve("b").toString());
      Kept.removeAll(from, FIRST);
    }
    assertThat(directory).doesNotExist();
    assertThat(disk.path().resolve("elsewhere/precious")).hasContent("still in use");
  }
}
