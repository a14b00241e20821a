package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Encodes a version of a file against an earlier one, patches, and compares everything. */
final class RoundTrip {
  final RecordedSteps steps = new RecordedSteps();
  final DeltaEncoder.Result result;
  final MemoryFile base;

  /** How much the patcher read of the base to hash it. */
  final long hashedOfBase;

  private RoundTrip(MemoryFile base, Signature baseSignature, MemoryFile file, int blockSize)
      throws IOException {
    this.base = base;
    boolean weakSums = baseSignature.hasWeakSums();
    this.result =
        new DeltaEncoder()
            .encode(
                baseSignature,
                0,
                file,
                file.size(),
                new SignatureBuilder(blockSize, weakSums),
                steps);
    DeltaOps.check(steps.ops, file.size(), base.size());
    assertThat(result.signature()).isEqualTo(file.signature(blockSize, weakSums));
    assertThat(result.layout()).isEqualTo(file.layout());
    this.hashedOfBase = patch(baseSignature, file, blockSize, weakSums);
  }

  static RoundTrip of(MemoryFile base, MemoryFile file, int blockSize) throws IOException {
    return new RoundTrip(base, base.signature(blockSize, true), file, blockSize);
  }

  static RoundTrip of(MemoryFile base, Signature baseSignature, MemoryFile file, int blockSize)
      throws IOException {
    return new RoundTrip(base, baseSignature, file, blockSize);
  }

  private long patch(Signature baseSignature, MemoryFile file, int blockSize, boolean weakSums)
      throws IOException {
    MemoryFile target = new MemoryFile(new byte[file.bytes.length]);
    DeltaSink writer =
        new DeltaSink() {
          @Override
          public void literal(long offset, ByteBuffer bytes) {
            assertThat(bytes.remaining()).isBetween(1, DeltaEncoder.LONGEST_LITERAL);
            bytes.get(target.bytes, (int) offset, bytes.remaining());
          }

          @Override
          public void copy(long offset, long source, long length) {
            System.arraycopy(base.bytes, (int) source, target.bytes, (int) offset, (int) length);
          }

          @Override
          public void hole(long offset, long length) {
            target.hole((int) offset, (int) (offset + length));
          }
        };
    base.bytesRead = 0;
    DeltaPatcher patcher =
        new DeltaPatcher(
            baseSignature, base, file.size(), new SignatureBuilder(blockSize, weakSums), writer);
    steps.replay(patcher);
    assertThat(patcher.finish()).isEqualTo(result.signature());
    assertThat(target.bytes).isEqualTo(file.bytes);
    assertThat(target.layout()).isEqualTo(file.layout());
    return base.bytesRead;
  }
}
