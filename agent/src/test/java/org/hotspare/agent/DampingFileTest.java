package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.hotspare.failover.Damping;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DampingFileTest {
  private static final Damping SOME = new Damping(List.of(5L, 7L), "it did not start: no", 9);

  @TempDir Path directory;

  private void write(Damping... dampings) throws IOException {
    try (DampingFile file = new DampingFile(directory.resolve("damping"), "boot-1")) {
      for (Damping damping : dampings) {
        file.write(damping);
      }
    }
  }

  private Damping read(String boot) {
    try (DampingFile file = new DampingFile(directory.resolve("damping"), boot)) {
      return file.read();
    }
  }

  @Test
  void whatWasWrittenLastIsThereAfterARestart() throws IOException {
    assertThat(read("boot-1")).isEqualTo(Damping.NONE);
    write(SOME);
    assertThat(read("boot-1")).isEqualTo(SOME);
    write(SOME, new Damping(List.of(1L), "", 0), Damping.NONE);
    assertThat(read("boot-1")).isEqualTo(Damping.NONE);
  }

  /** The clock that its times are of began anew. */
  @Test
  void afterTheMachineWasStartedAgainItSaysNothing() throws IOException {
    write(SOME);
    assertThat(read("boot-2")).isEqualTo(Damping.NONE);
  }

  @Test
  void whatItHoldsIsBounded() throws IOException {
    List<Long> many = LongStream.range(0, 5000).boxed().toList();
    write(new Damping(many, "a\nb" + "c".repeat(100_000), 3));
    Damping read = read("boot-1");
    assertThat(read.promotedNanos()).hasSize(100).endsWith(4999L);
    assertThat(read.failure()).startsWith("a bccc").hasSize(2000);
  }

  @Test
  void aDamagedOneIsNotUsed() throws IOException {
    for (String damaged : List.of("", "boot-1\n5 7 \n9\n", "boot-1\n5 x \n9\nno\n", "é")) {
      Files.writeString(directory.resolve("damping"), damaged);
      assertThat(read("boot-1")).as(damaged).isEqualTo(Damping.NONE);
    }
    Files.write(directory.resolve("damping"), new byte[20_000]);
    assertThat(read("boot-1")).isEqualTo(Damping.NONE);
    Files.write(directory.resolve("damping"), new byte[] {(byte) 0xff, '\n'});
    assertThat(read("boot-1")).isEqualTo(Damping.NONE);
  }
}
