package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CompressionChoiceTest {
  private static final int MIB = 1 << 20;

  @Test
  void aSlowLinkIsWorthIt() {
    CompressionChoice choice = measured(10_000_000, 400_000_000);
    assertThat(choice.worthSampling(MIB)).isTrue();
    assertThat(choice.worthPacking(1000, 500)).isTrue();
    assertThat(choice.worthPacking(1000, 800)).isTrue();
    assertThat(choice.worthPacking(1000, 810)).isFalse();
    assertThat(choice.worthSampling(CompressionChoice.SMALLEST_BYTES - 1)).isFalse();
  }

  @Test
  void aLinkFasterThanTheCodecIsNot() {
    assertThat(measured(800_000_000, 400_000_000).worthSampling(MIB)).isFalse();
  }

  @Test
  void betweenTheTwoItDependsOnHowMuchItShrinks() {
    CompressionChoice choice = measured(200_000_000, 400_000_000);
    assertThat(choice.worthSampling(MIB)).isTrue();
    assertThat(choice.worthPacking(1000, 400)).isTrue();
    assertThat(choice.worthPacking(1000, 700)).isFalse();
  }

  @Test
  void nothingIsCompressedBeforeTheLinkWasMeasured() {
    assertThat(new CompressionChoice(() -> CompressionMode.AUTO).worthSampling(MIB)).isFalse();
  }

  @Test
  void aLinkThatBecameSlowIsNoticed() {
    CompressionChoice choice = measured(800_000_000, 400_000_000);
    for (int i = 0; i < 1000; i++) {
      choice.written(100_000, 10_000_000);
    }
    assertThat(choice.worthSampling(MIB)).isTrue();
  }

  @Test
  void aCodecThatWasSlowOnceGetsAnotherChance() {
    CompressionChoice choice = measured(10_000_000, 400_000_000);
    choice.packed(MIB, 20_000_000_000L);
    int refused = 0;
    while (!choice.worthSampling(MIB)) {
      refused++;
      assertThat(refused).isLessThan(10_000);
    }
    assertThat(refused).isPositive();
  }

  @Test
  void onAndOffAreWhatTheySay() {
    CompressionChoice on = new CompressionChoice(() -> CompressionMode.ON);
    assertThat(on.worthSampling(MIB)).isTrue();
    assertThat(on.worthPacking(1000, 999)).isTrue();
    assertThat(on.worthPacking(1000, 1001)).isFalse();
    CompressionChoice off = new CompressionChoice(() -> CompressionMode.OFF);
    assertThat(off.worthSampling(MIB)).isFalse();
  }

  @Test
  void whatDoesNotShrinkGoesAsItIs() {
    PayloadPacker packer = new ZstdPacker(new CompressionChoice(() -> CompressionMode.ON));
    byte[] random = new byte[MIB];
    new SplittableRandom(1).nextBytes(random);
    assertThat(packer.pack(ByteBuffer.wrap(random)).remaining()).isEqualTo(MIB);
    byte[] text = new byte[MIB];
    Arrays.fill(text, (byte) 'x');
    assertThat(packer.pack(ByteBuffer.wrap(text)).remaining()).isLessThan(1000);
  }

  /** Both speeds in bytes per second. */
  private static CompressionChoice measured(long link, long codec) {
    CompressionChoice choice = new CompressionChoice(() -> CompressionMode.AUTO);
    for (int i = 0; i < 500; i++) {
      choice.written(MIB, MIB * 1_000_000_000L / link);
      choice.packed(MIB, MIB * 1_000_000_000L / codec);
    }
    return choice;
  }
}
