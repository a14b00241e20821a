package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HostileDeltaTest {
  private static final long SIZE = 1000;
  private static final long BASE_SIZE = 500;

  static Stream<List<DeltaOp>> hostileSteps() {
    return Stream.of(
        List.of(),
        List.of(new DeltaOp.Literal(0, 999)),
        List.of(new DeltaOp.Literal(0, 1001)),
        List.of(new DeltaOp.Literal(1, 999)),
        List.of(new DeltaOp.Literal(-1, 1001)),
        List.of(new DeltaOp.Literal(0, 0), new DeltaOp.Literal(0, 1000)),
        List.of(new DeltaOp.Literal(0, -1), new DeltaOp.Literal(-1, 1001)),
        List.of(new DeltaOp.Literal(0, 600), new DeltaOp.Hole(599, 401)),
        List.of(new DeltaOp.Literal(0, 600), new DeltaOp.Hole(601, 399)),
        List.of(new DeltaOp.Hole(0, Long.MAX_VALUE)),
        List.of(new DeltaOp.Hole(0, 10), new DeltaOp.Hole(10, Long.MAX_VALUE)),
        List.of(new DeltaOp.Hole(0, Long.MIN_VALUE)),
        List.of(new DeltaOp.Copy(0, 0, 501), new DeltaOp.Hole(501, 499)),
        List.of(new DeltaOp.Copy(0, 1, 500), new DeltaOp.Hole(500, 500)),
        List.of(new DeltaOp.Copy(0, -1, 500), new DeltaOp.Hole(500, 500)),
        List.of(new DeltaOp.Copy(0, Long.MAX_VALUE, 500), new DeltaOp.Hole(500, 500)),
        List.of(new DeltaOp.Copy(0, Long.MIN_VALUE, 500), new DeltaOp.Hole(500, 500)));
  }

  @ParameterizedTest
  @MethodSource("hostileSteps")
  void stepsThatMakeNoFileAreRefused(List<DeltaOp> ops) {
    assertThatExceptionOfType(InvalidDeltaException.class)
        .isThrownBy(() -> DeltaOps.check(ops, SIZE, BASE_SIZE));
  }

  @Test
  void stepsThatMakeAFileAreNot() {
    assertThatCode(
            () -> {
              DeltaOps.check(List.of(), 0, 0);
              DeltaOps.check(
                  List.of(
                      new DeltaOp.Copy(0, 0, 500),
                      new DeltaOp.Hole(500, 1),
                      new DeltaOp.Literal(501, 498),
                      new DeltaOp.Copy(999, 499, 1)),
                  SIZE,
                  BASE_SIZE);
            })
        .doesNotThrowAnyException();
  }

  @Test
  void patcherRefusesAndGivesTheTargetNothing() throws IOException {
    MemoryFile base = MemoryFile.random((int) BASE_SIZE, new Random(1));
    RecordedSteps target = new RecordedSteps();
    DeltaPatcher patcher =
        new DeltaPatcher(base.signature(BlockSize.SMALLEST, false), base, SIZE, false, target);
    refuses(() -> patcher.literal(1, ByteBuffer.allocate(1)));
    refuses(() -> patcher.literal(0, ByteBuffer.allocate(1001)));
    refuses(() -> patcher.copy(0, 1, 500));
    refuses(() -> patcher.copy(0, 0, -5));
    refuses(() -> patcher.hole(0, Long.MAX_VALUE));
    patcher.copy(0, 0, 500);
    refuses(() -> patcher.copy(0, 0, 500));
    refuses(patcher::finish);
    assertThat(target.ops).containsExactly(new DeltaOp.Copy(0, 0, 500));
    assertThatExceptionOfType(InvalidDeltaException.class)
        .isThrownBy(() -> new DeltaPatcher(Signature.NONE, base, Long.MAX_VALUE, false, target));
  }

  @Test
  void baseThatIsShorterThanItsSignatureIsAnError() throws IOException {
    MemoryFile base = MemoryFile.random(100_000, new Random(1));
    MemoryFile cut = MemoryFile.random(50_000, new Random(1));
    DeltaPatcher patcher =
        new DeltaPatcher(
            base.signature(BlockSize.SMALLEST, false), cut, 99_999, false, new RecordedSteps());
    assertThatExceptionOfType(EOFException.class).isThrownBy(() -> patcher.copy(0, 1, 99_999));
  }

  private static void refuses(ThrowingCallable call) {
    assertThatExceptionOfType(InvalidDeltaException.class).isThrownBy(call);
  }
}
