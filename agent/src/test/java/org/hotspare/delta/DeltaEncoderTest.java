package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DeltaEncoderTest {
  private static final int BLOCK = BlockSize.SMALLEST;
  private static final int SIZE = 20 << 20;

  private final Random random = new Random(1);
  private final MemoryFile base = MemoryFile.random(SIZE + 5000, random);

  private static byte[] join(byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    ByteBuffer joined = ByteBuffer.allocate(length);
    Arrays.stream(parts).forEach(joined::put);
    return joined.array();
  }

  @Test
  void unchangedFileIsOneCopyAndNothingIsHashedOfIt() throws IOException {
    RoundTrip trip = RoundTrip.of(base, new MemoryFile(base.bytes.clone()), BLOCK);
    assertThat(trip.steps.ops).containsExactly(new DeltaOp.Copy(0, 0, base.size()));
    assertThat(trip.hashedOfBase).isZero();
    assertThat(trip.result.copiedBytes()).isEqualTo(base.size());
  }

  @Test
  void byteInsertedAtTheHeadCostsOneByte() throws IOException {
    MemoryFile file = new MemoryFile(join(new byte[] {7}, base.bytes));
    RoundTrip trip = RoundTrip.of(base, file, BLOCK);
    assertThat(trip.steps.ops)
        .containsExactly(new DeltaOp.Literal(0, 1), new DeltaOp.Copy(1, 0, base.size()));
    assertThat(trip.result.literalBytes()).isEqualTo(1);
  }

  @Test
  void bytesDeletedInTheMiddleCostLessThanAFewBlocks() throws IOException {
    byte[] head = Arrays.copyOf(base.bytes, 3_000_000);
    byte[] tail = Arrays.copyOfRange(base.bytes, 3_000_123, base.bytes.length);
    RoundTrip trip = RoundTrip.of(base, new MemoryFile(join(head, tail)), BLOCK);
    assertThat(trip.result.literalBytes()).isLessThan(2 * BLOCK);
  }

  @Test
  void scatteredChangesCostABlockEach() throws IOException {
    MemoryFile file = new MemoryFile(base.bytes.clone());
    for (int i = 0; i < 50; i++) {
      byte[] page = new byte[4096];
      random.nextBytes(page);
      System.arraycopy(page, 0, file.bytes, random.nextInt(SIZE / 4096) * 4096, 4096);
    }
    RoundTrip trip = RoundTrip.of(base, file, BLOCK);
    assertThat(trip.result.literalBytes()).isBetween(40 * 4096L, 50L * BLOCK);
    assertThat(trip.hashedOfBase).isZero();
  }

  @Test
  void appendCostsTheTailAndItsBlock() throws IOException {
    byte[] more = new byte[100];
    random.nextBytes(more);
    MemoryFile file = new MemoryFile(join(base.bytes, more));
    RoundTrip trip = RoundTrip.of(base, file, BLOCK);
    assertThat(trip.steps.ops)
        .containsExactly(
            new DeltaOp.Copy(0, 0, SIZE), new DeltaOp.Literal(SIZE, 5000 + more.length));

    file.bytesRead = 0;
    RecordedSteps appended = new RecordedSteps();
    DeltaEncoder.Result result =
        new DeltaEncoder().encodeAppended(base.signature(BLOCK, true), file, true, appended);
    assertThat(appended.ops).isEqualTo(trip.steps.ops);
    assertThat(result).isEqualTo(trip.result);
    assertThat(file.bytesRead).isEqualTo(5000 + more.length);
  }

  @Test
  void appendedFileWithHolesInItsTrustedPartKeepsThem() throws IOException {
    base.hole(8192, 100 * 4096).hole(200 * 4096, 201 * 4096);
    MemoryFile file = new MemoryFile(Arrays.copyOf(base.bytes, base.bytes.length + 1));
    file.holes.addAll(base.holes);
    RecordedSteps appended = new RecordedSteps();
    DeltaEncoder.Result result =
        new DeltaEncoder().encodeAppended(base.signature(BLOCK, false), file, false, appended);
    assertThat(result.layout()).isEqualTo(file.layout());
    assertThat(result.signature()).isEqualTo(file.signature(BLOCK, false));
    assertThat(appended.ops)
        .containsExactly(
            new DeltaOp.Copy(0, 0, 8192),
            new DeltaOp.Hole(8192, 98 * 4096),
            new DeltaOp.Copy(100 * 4096, 100 * 4096, 100 * 4096),
            new DeltaOp.Hole(200 * 4096, 4096),
            new DeltaOp.Copy(201 * 4096, 201 * 4096, SIZE - 201 * 4096),
            new DeltaOp.Literal(SIZE, 5001));
  }

  @Test
  void withoutWeakSumsMovedContentIsSentAgain() throws IOException {
    MemoryFile file = new MemoryFile(join(new byte[] {7}, base.bytes));
    RoundTrip trip = RoundTrip.of(base, base.signature(BLOCK, false), file, BLOCK);
    assertThat(trip.result.literalBytes()).isEqualTo(file.size());
  }

  @Test
  void newFileIsLiteralsOfBoundedLength() throws IOException {
    RoundTrip trip = RoundTrip.of(new MemoryFile(new byte[0]), Signature.NONE, base, BLOCK);
    assertThat(trip.steps.ops).hasSize(Math.ceilDiv((int) base.size(), 256 << 10));
    RoundTrip empty =
        RoundTrip.of(base, base.signature(BLOCK, true), new MemoryFile(new byte[0]), BLOCK);
    assertThat(empty.steps.ops).isEmpty();
  }

  @Test
  void contentMovedToAnotherBlockSizeIsStillFoundAtItsPlace() throws IOException {
    MemoryFile file = new MemoryFile(base.bytes.clone());
    file.bytes[SIZE / 2]++;
    RoundTrip trip = RoundTrip.of(base, base.signature(BLOCK, true), file, 4 * BLOCK);
    assertThat(trip.result.literalBytes()).isEqualTo(BLOCK);
    RoundTrip.of(base, base.signature(BLOCK, true), file, BLOCK / 4);
  }

  @Test
  void sparseTerabyteIsNotReadAndTakesNoTime() throws IOException {
    long size = 1L << 40;
    ContentSource sparse =
        new ContentSource() {
          @Override
          public int read(ByteBuffer target, long offset) {
            assertThat(offset).isBetween(size / 2, size / 2 + 4095);
            target.position(target.limit());
            return target.capacity() == 0 ? -1 : target.limit();
          }

          @Override
          public long size() {
            return size;
          }

          @Override
          public long nextHole(long offset) {
            return offset >= size / 2 && offset < size / 2 + 4096 ? size / 2 + 4096 : offset;
          }

          @Override
          public long nextData(long offset) {
            return offset <= size / 2 ? size / 2 : size;
          }
        };
    RecordedSteps steps = new RecordedSteps();
    DeltaEncoder.Result result = new DeltaEncoder().encode(Signature.NONE, sparse, true, steps);
    assertThat(steps.ops)
        .containsExactly(
            new DeltaOp.Hole(0, size / 2),
            new DeltaOp.Literal(size / 2, 4096),
            new DeltaOp.Hole(size / 2 + 4096, size / 2 - 4096));
    assertThat(result.layout()).isNotZero();
    SignatureBuilder zeros = new SignatureBuilder(result.signature().blockSize(), true);
    zeros.updateZeros(size);
    assertThat(result.signature().length()).isEqualTo(zeros.finish().length());
  }

  @Test
  void fileThatShrinksWhileItIsReadIsMarked() throws IOException {
    MemoryFile file = new MemoryFile(base.bytes.clone());
    ContentSource shrinking =
        new ContentSource() {
          @Override
          public int read(ByteBuffer target, long offset) throws IOException {
            return file.read(target, offset);
          }

          @Override
          public long size() {
            return file.size() + 100_000;
          }

          @Override
          public long nextHole(long offset) {
            return size();
          }

          @Override
          public long nextData(long offset) {
            return offset;
          }
        };
    RecordedSteps steps = new RecordedSteps();
    DeltaEncoder.Result result =
        new DeltaEncoder().encode(base.signature(BLOCK, true), shrinking, true, steps);
    assertThat(result.shrunk()).isTrue();
    assertThat(result.signature().root()).isEqualTo(file.signature(BLOCK, false).root());
    DeltaOps.check(steps.ops, file.size(), base.size());
  }

  /**
   * Every window of the new content has the weak sum of the base's blocks, and none is equal to
   * one: the search must give up instead of hashing a block per byte.
   */
  @Test
  void floodOfWeakCollisionsIsCutShort() throws IOException {
    MemoryFile zeros = new MemoryFile(new byte[SIZE]);
    Signature honest = zeros.signature(BLOCK, true);
    byte[] foreign = new byte[honest.digests().length];
    random.nextBytes(foreign);
    Signature flood = new Signature(BLOCK, SIZE, foreign, new int[honest.blocks()]);
    long started = System.nanoTime();
    RoundTrip trip = RoundTrip.of(zeros, flood, zeros, BLOCK);
    assertThat(trip.result.literalBytes()).isEqualTo(SIZE);
    // Hashing a block at every place would take hours.
    assertThat(System.nanoTime() - started).isLessThan(60_000_000_000L);
  }
}
