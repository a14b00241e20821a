package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.hotspare.delta.ContentSource;
import org.hotspare.linux.FileFd;

/** An open file as the source of a delta. For one thread. */
final class OpenContent implements ContentSource {
  private static final int CHUNK_BYTES = 256 << 10;
  private static final ThreadLocal<ByteBuffer> CHUNK =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(CHUNK_BYTES));

  private final FileFd file;
  private final long size;

  OpenContent(FileFd file, long size) {
    this.file = file;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(ByteBuffer target, long offset) throws IOException {
    ByteBuffer chunk = CHUNK.get().clear();
    chunk.limit(Math.min(chunk.capacity(), target.remaining()));
    int read = file.read(chunk, offset);
    if (read <= 0) {
      return -1;
    }
    target.put(chunk.flip());
    return read;
  }

  @Override
  public long nextHole(long offset) throws IOException {
    long hole = file.seekHole(offset);
    return hole < 0 ? size : hole;
  }

  @Override
  public long nextData(long offset) throws IOException {
    long data = file.seekData(offset);
    return data < 0 ? size : data;
  }
}
