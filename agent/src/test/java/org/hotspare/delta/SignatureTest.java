package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.junit.jupiter.api.Test;

class SignatureTest {
  private static final int BLOCK = BlockSize.SMALLEST;

  private static Digest sha256(byte[]... parts) {
    var hash = Digest.newHash();
    Arrays.stream(parts).forEach(hash::update);
    return Digest.of(hash.digest());
  }

  @Test
  void digestOfAFileInOneBlockIsThatOfItsBytes() {
    assertThat(Signature.NONE.root()).isEqualTo(sha256());
    for (int size : new int[] {0, 1, 4096, BLOCK}) {
      MemoryFile file = MemoryFile.random(size, new Random(size));
      assertThat(file.signature(BLOCK, false).root()).isEqualTo(sha256(file.bytes));
    }
  }

  @Test
  void digestOfALargerFileIsThatOfItsBlocks() {
    MemoryFile file = MemoryFile.random(BLOCK + 10, new Random(1));
    byte[] first = Arrays.copyOf(file.bytes, BLOCK);
    byte[] last = Arrays.copyOfRange(file.bytes, BLOCK, BLOCK + 10);
    byte[] header = ByteBuffer.allocate(12).putInt(BLOCK).putLong(BLOCK + 10).array();
    assertThat(file.signature(BLOCK, false).root())
        .isEqualTo(sha256(header, sha256(first).bytes().array(), sha256(last).bytes().array()))
        .isEqualTo(file.signature(BLOCK, true).root())
        .isNotEqualTo(file.signature(2 * BLOCK, false).root());
  }

  @Test
  void zerosAreHashedLikeWrittenOnes() {
    MemoryFile file = MemoryFile.random(10 * BLOCK + 77, new Random(2));
    file.hole(3000, 9 * BLOCK + 5);
    SignatureBuilder builder = new SignatureBuilder(BLOCK, true);
    builder.update(ByteBuffer.wrap(file.bytes, 0, 3000));
    builder.updateZeros(9 * BLOCK + 5 - 3000);
    ByteBuffer direct = ByteBuffer.allocateDirect(BLOCK + 72);
    direct.put(file.bytes, 9 * BLOCK + 5, BLOCK + 72).flip();
    builder.update(direct);
    assertThat(builder.length()).isEqualTo(file.size());
    assertThat(builder.finish()).isEqualTo(file.signature(BLOCK, true));
  }

  @Test
  void storedFormIsReadBack() {
    for (int size : new int[] {0, 5, 3 * BLOCK, 3 * BLOCK + 1}) {
      for (boolean weakSums : new boolean[] {false, true}) {
        Signature signature = MemoryFile.random(size, new Random(3)).signature(BLOCK, weakSums);
        assertThat(Signature.parse(signature.toBytes())).isEqualTo(signature);
      }
    }
  }

  @Test
  void damagedStoredFormIsRefused() {
    byte[] stored =
        MemoryFile.random(3 * BLOCK, new Random(3)).signature(BLOCK, true).toBytes().toArray();
    for (int length = 0; length < stored.length; length++) {
      byte[] cut = Arrays.copyOf(stored, length);
      assertThatIllegalArgumentException().isThrownBy(() -> Signature.parse(Bytes.of(cut)));
    }
    for (int at = 0; at < 14; at++) {
      byte[] damaged = stored.clone();
      damaged[at] ^= (byte) 0x81;
      // A length that needs as many blocks is as good as any other.
      if (at < 12) {
        assertThatIllegalArgumentException().isThrownBy(() -> Signature.parse(Bytes.of(damaged)));
      }
    }
    ByteBuffer lying = ByteBuffer.allocate(14).put((byte) 1).put((byte) 0).putInt(BLOCK);
    lying.putLong(Long.MAX_VALUE);
    assertThatIllegalArgumentException().isThrownBy(() -> Signature.parse(Bytes.of(lying.array())));
  }

  @Test
  void blockSizeDependsOnTheLengthOnly() {
    assertThat(BlockSize.forFile(0)).isEqualTo(16 << 10);
    assertThat(BlockSize.forFile(1L << 30)).isEqualTo(16 << 10);
    assertThat(BlockSize.forFile((1L << 30) + 1)).isEqualTo(32 << 10);
    assertThat(BlockSize.forFile(64L << 30)).isEqualTo(1 << 20);
    assertThat(BlockSize.forFile(4L << 40)).isEqualTo(1 << 20);
    assertThat(BlockSize.forFile(BlockSize.LONGEST_FILE)).isEqualTo(16 << 20);
    assertThatIllegalArgumentException().isThrownBy(() -> BlockSize.forFile(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlockSize.forFile(BlockSize.LONGEST_FILE + 1));
  }

  @Test
  void rollingSumIsThatOfItsWindow() {
    MemoryFile file = MemoryFile.random(3000, new Random(4));
    RollingSum rolling = new RollingSum(517);
    int sum = RollingSum.of(file.bytes, 0, 517);
    for (int at = 1; at + 517 <= 3000; at++) {
      sum = rolling.roll(sum, file.bytes[at - 1], file.bytes[at + 516]);
      assertThat(sum).isEqualTo(RollingSum.of(file.bytes, at, 517));
    }
    int parts = RollingSum.append(RollingSum.of(file.bytes, 0, 100), file.bytes, 100, 417);
    assertThat(parts).isEqualTo(RollingSum.of(file.bytes, 0, 517));
  }
}
