package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FileTimesTest {
  private static final int ROUNDS = 2000;

  @ParameterizedTest
  @CsvSource({"6.12.48+deb13,false", "6.13.0,true", "7.0-rc1,true", "5.10,false", "odd,false"})
  void theKernelIsToldByItsRelease(String release, boolean fine) {
    assertThat(FileTimes.isFine(release)).isEqualTo(fine);
  }

  /** What is said to show every change does so, however quick they follow each other. */
  @ParameterizedTest
  @EnumSource
  void whatIsSaidToBeSeenIsSeen(LoopFileSystem.Kind kind) throws IOException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(kind, 16);
        DirFd root = fileSystem.open();
        FileFd file = root.create(Name.of("a"))) {
      ByteBuffer text = ByteBuffer.allocateDirect(1);
      text.put("x".getBytes(StandardCharsets.US_ASCII)).flip();
      for (int i = 0; i < ROUNDS; i++) {
        Stat before = file.stat();
        boolean hidden = FileTimes.mayHideAChange(before);
        file.write(text.duplicate(), 0);
        if (!hidden) {
          assertThat(file.stat().changed()).as("round %d", i).isNotEqualTo(before.changed());
        }
      }
    }
  }

  @Test
  void anOldChangeIsSettledAnywhere() throws IOException, InterruptedException {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.OVERLAY, 16);
        DirFd root = fileSystem.open();
        FileFd file = root.create(Name.of("a"))) {
      Stat stat = file.stat();
      long deadline = System.nanoTime() + 30_000_000_000L;
      while (FileTimes.mayHideAChange(stat)) {
        assertThat(System.nanoTime()).as("settled in time").isLessThan(deadline);
        Thread.onSpinWait();
      }
    }
  }
}
