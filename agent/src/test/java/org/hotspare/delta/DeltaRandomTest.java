package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random edits of random files, through the encoder and the patcher. */
class DeltaRandomTest {
  private static final int ROUNDS = 300;

  @Test
  void everyEditSurvivesTheRoundTrip() throws IOException {
    long seed = Long.getLong("hotspare.seed", System.nanoTime());
    System.out.println("DeltaRandomTest seed " + seed);
    Random seeds = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      Random random = new Random(seeds.nextLong());
      MemoryFile base = randomFile(random);
      byte[] bytes = base.bytes;
      for (int edit = random.nextInt(5); edit > 0; edit--) {
        bytes = edit(bytes, random);
      }
      MemoryFile file = new MemoryFile(bytes.clone());
      punch(file, random);
      int baseBlockSize = 1024 << random.nextInt(5);
      int blockSize = random.nextInt(4) == 0 ? 1024 << random.nextInt(5) : baseBlockSize;
      Signature signature = base.signature(baseBlockSize, random.nextInt(4) > 0);
      assertThat(Signature.parse(signature.toBytes())).isEqualTo(signature);
      try {
        RoundTrip.of(base, signature, file, blockSize);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", round " + round, e);
      }
    }
  }

  private static MemoryFile randomFile(Random random) {
    int size =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt(3000);
          case 1 -> random.nextInt(16) * 4096;
          case 2 -> random.nextInt(300_000);
          default -> random.nextInt(9_000_000);
        };
    MemoryFile file = MemoryFile.random(size, random);
    if (random.nextInt(3) == 0) {
      // Many equal blocks.
      for (int at = 1024; at + 1024 <= size / 2; at += 1024) {
        System.arraycopy(file.bytes, 0, file.bytes, at, 1024);
      }
    }
    punch(file, random);
    return file;
  }

  private static void punch(MemoryFile file, Random random) {
    int at = 0;
    for (int holes = random.nextInt(6) - 2; holes > 0; holes--) {
      int units = file.bytes.length / 4096;
      int start = at + random.nextInt(units + 1);
      int end = start + 1 + random.nextInt(random.nextBoolean() ? 3 : 40);
      if (end * 4096 > file.bytes.length) {
        if (start * 4096 < file.bytes.length) {
          file.hole(start * 4096, file.bytes.length);
        }
        return;
      }
      file.hole(start * 4096, end * 4096);
      at = end + 1;
    }
  }

  private static byte[] edit(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length + 1);
    int length = random.nextInt(random.nextBoolean() ? 50 : 100_000);
    byte[] fresh = new byte[length];
    random.nextBytes(fresh);
    int rest = Math.min(length, bytes.length - at);
    return switch (random.nextInt(6)) {
      case 0 -> splice(bytes, at, rest, fresh);
      case 1 -> splice(bytes, at, 0, fresh);
      case 2 -> splice(bytes, at, rest, new byte[0]);
      case 3 -> splice(bytes, bytes.length, 0, fresh);
      case 4 -> splice(bytes, at, bytes.length - at, new byte[0]);
      default -> {
        byte[] moved = Arrays.copyOfRange(bytes, at, at + rest);
        byte[] without = splice(bytes, at, rest, new byte[0]);
        yield splice(without, random.nextInt(without.length + 1), 0, moved);
      }
    };
  }

  private static byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
    return ByteBuffer.allocate(bytes.length - removed + inserted.length)
        .put(bytes, 0, at)
        .put(inserted)
        .put(bytes, at + removed, bytes.length - at - removed)
        .array();
  }
}
