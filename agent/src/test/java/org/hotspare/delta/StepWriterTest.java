package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepWriterTest {
  private static final long MIB = 1 << 20;

  private final RecordedSteps steps = new RecordedSteps();
  private final StepWriter writer = new StepWriter(steps);

  @Test
  void longCopyIsCutAtBordersThatEveryBlockSizeHas() throws IOException {
    writer.literal(new byte[256], 0, 256);
    writer.copy(256, 150 * MIB);
    writer.flush();
    assertThat(steps.ops)
        .containsExactly(
            new DeltaOp.Literal(0, 256),
            new DeltaOp.Copy(256, 256, 64 * MIB - 256),
            new DeltaOp.Copy(64 * MIB, 64 * MIB, 64 * MIB),
            new DeltaOp.Copy(128 * MIB, 128 * MIB, 22 * MIB));
    assertThat(writer.copiedBytes()).isEqualTo(150 * MIB - 256);
  }

  @Test
  void copyThatGrowsIsHandedOnWhileTheRestIsRead() throws IOException {
    for (long end = 4 * MIB; end <= 64 * MIB; end += 4 * MIB) {
      writer.copy(end - 4 * MIB, end);
    }
    assertThat(steps.ops).isEqualTo(List.of(new DeltaOp.Copy(0, 0, 64 * MIB)));
  }

  @Test
  void movedCopyIsCutWhereTheNewContentPassesTheBorder() throws IOException {
    writer.literal(new byte[7], 0, 7);
    writer.copy(0, 7 + 100 * MIB);
    writer.flush();
    assertThat(steps.ops)
        .containsExactly(
            new DeltaOp.Literal(0, 7),
            new DeltaOp.Copy(7, 0, 64 * MIB - 7),
            new DeltaOp.Copy(64 * MIB, 64 * MIB - 7, 36 * MIB + 7));
  }

  @Test
  void holeAtTheBorderStaysOneHole() throws IOException {
    writer.expectHole(60 * MIB, 70 * MIB);
    writer.copy(0, 80 * MIB);
    writer.flush();
    assertThat(steps.ops)
        .containsExactly(
            new DeltaOp.Copy(0, 0, 60 * MIB),
            new DeltaOp.Hole(60 * MIB, 10 * MIB),
            new DeltaOp.Copy(70 * MIB, 70 * MIB, 10 * MIB));
  }
}
