package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.hotspare.admin.MirrorState;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.LoopFileSystem.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A standby whose disk is full says so, shows nothing half-written, and goes on once it can. */
final class FullDiskTest {
  @TempDir Path base;

  private static boolean says(TestPair.Side side, String words) {
    return side.mirror().problems().stream().anyMatch(p -> p.reason().contains(words));
  }

  private static byte[] megabytes(int count) {
    byte[] content = new byte[count << 20];
    new Random(3).nextBytes(content);
    return content;
  }

  @Test
  void aFullTree() throws Exception {
    try (LoopFileSystem small = LoopFileSystem.create(Kind.EXT4, 32);
        TestPair pair =
            TestPair.make(base, base.resolve("alpha/tree"), small.path().resolve("tree"), "", "")
                .start()) {
      Path tree = pair.alpha().tree();
      Files.writeString(tree.resolve("file"), "old");
      pair.assertSame();
      Path filling = Files.write(small.path().resolve("filling"), megabytes(16));
      byte[] large = megabytes(14);
      Path made = Files.write(base.resolve("alpha/large"), large);
      Files.move(made, tree.resolve("large"));
      Files.writeString(tree.resolve("file"), "new");
      TestPair.await("it says so", () -> says(pair.beta(), "no room left"));
      try (Stream<Path> all = Files.list(pair.beta().tree())) {
        for (Path file : all.toList()) {
          assertThat(Files.size(file)).as(file.toString()).isIn(3L, (long) large.length);
        }
      }
      Files.delete(filling);
      pair.assertSame();
      TestPair.await("nothing to say", () -> !says(pair.beta(), "no room left"));
    }
  }

  /** Of both nodes: neither can keep what it knows. */
  @Test
  void fullStateDirectories() throws Exception {
    try (LoopFileSystem small = LoopFileSystem.create(Kind.EXT4, 48);
        TestPair pair =
            TestPair.make(
                    small.path().resolve("state"),
                    base.resolve("alpha/tree"),
                    base.resolve("beta/tree"),
                    "",
                    "")
                .start()) {
      Path tree = pair.alpha().tree();
      Files.writeString(tree.resolve("file"), "old");
      pair.assertSame();
      Path filling = small.path().resolve("filling");
      LoopFileSystem.run("sh", "-c", "cat /dev/zero >" + filling + " 2>/dev/null; true");
      for (int i = 0; i < 5000; i++) {
        Files.writeString(tree.resolve("f" + i), "content " + i);
      }
      Files.delete(tree.resolve("file"));
      TestPair.await("it says so", () -> !pair.alpha().mirror().problems().isEmpty());
      assertThat(pair.alpha().mirror().state()).isEqualTo(MirrorState.DEGRADED);
      Files.delete(filling);
      pair.assertSame();
      TestPair.await("nothing to say", () -> pair.alpha().mirror().state() == MirrorState.IN_SYNC);
      TestPair.await("nothing to say", () -> pair.beta().mirror().state() == MirrorState.IN_SYNC);
    }
  }
}
