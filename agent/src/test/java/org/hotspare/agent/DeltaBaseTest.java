package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.LoopFileSystem.Kind;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocks of a large file are copied from the standby's own version only if it is that version. */
final class DeltaBaseTest {
  private static final int MIB = 1 << 20;
  private static final int FILES = 10;

  @TempDir Path base;

  private static byte[] large() {
    byte[] content = new byte[8 * MIB];
    new Random(1).nextBytes(content);
    return content;
  }

  private static void put(Path file, int at, byte value) throws IOException {
    byte[] some = new byte[100];
    Arrays.fill(some, value);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(some), at);
    }
  }

  @Test
  void whatSomebodyWroteHereIsNoPartOfTheNextVersion() throws Exception {
    try (TestPair pair = TestPair.make(base).start()) {
      Path tree = pair.alpha().tree();
      for (int i = 0; i < FILES; i++) {
        Files.write(tree.resolve("f" + i), large());
      }
      pair.assertSame();
      for (int i = 0; i < FILES; i++) {
        put(pair.beta().tree().resolve("f" + i), MIB, (byte) 'z');
        put(tree.resolve("f" + i), 4 * MIB, (byte) 'y');
      }
      pair.barrier();
      Judge.assertSameTree(tree, pair.beta().tree(), TestPair.LIMIT);
    }
  }

  @Test
  void anOlderVersionUnderANameThatCannotBeReplacedIsNoPartOfTheNext() throws Exception {
    Path primary = base.resolve("alpha/tree");
    try (LoopFileSystem ext4 = LoopFileSystem.create(Kind.EXT4, 256);
        TestPair pair = TestPair.make(base, primary, ext4.path().resolve("tree"), "", "").start()) {
      Path tree = pair.alpha().tree();
      Path other = Files.createDirectories(tree.resolve("d")).resolve("a");
      pair.barrier();
      Path file = Files.createDirectories(tree.resolve("e")).resolve("b");
      Files.write(other, large());
      pair.barrier();
      Files.createLink(file, other);
      pair.assertSame();
      Set<Integer> published = new HashSet<>(Set.of(digest(file)));
      Path locked = pair.beta().tree().resolve("d");
      LoopFileSystem.run("chattr", "+i", locked.toString());
      try {
        for (int i = 0; i < 5; i++) {
          put(file, i * MIB, (byte) 'y');
          published.add(digest(file));
          pair.flow();
          assertThat(digest(pair.beta().tree().resolve("e/b")))
              .as("a version that the primary had")
              .isIn(published);
        }
      } finally {
        LoopFileSystem.run("chattr", "-i", locked.toString());
      }
    }
  }

  private static int digest(Path file) throws IOException {
    return Arrays.hashCode(Files.readAllBytes(file));
  }
}
