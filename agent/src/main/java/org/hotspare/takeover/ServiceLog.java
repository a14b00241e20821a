package org.hotspare.takeover;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The file to which a service prints, as long as it runs. It is opened for appending, so it can be
 * cut off while somebody writes to it.
 */
final class ServiceLog {
  private static final long MAX_BYTES = 10 << 20;
  private static final int TAIL_BYTES = 4096;

  private final Path file;
  private final long maxBytes;

  ServiceLog(Path file) {
    this(file, MAX_BYTES);
  }

  ServiceLog(Path file, long maxBytes) {
    this.file = file;
    this.maxBytes = maxBytes;
  }

  Path file() {
    return file;
  }

  /** Its length in bytes. */
  long end() throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  /** Empties it when it is longer than 10 MiB: nobody else looks after its length. */
  void bound() throws IOException {
    if (end() > maxBytes) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(0);
      }
    }
  }

  /** The last few lines that were printed since it had that length. */
  List<String> since(long start) throws IOException {
    long end = end();
    long from = Math.max(start, end - TAIL_BYTES);
    if (from >= end) {
      return List.of();
    }
    ByteBuffer tail = ByteBuffer.allocate((int) (end - from));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      // What is missing was cut off meanwhile.
      channel.read(tail, from);
    }
    OutputLines lines = new OutputLines(line -> {});
    lines.add(tail.flip());
    lines.endLine();
    return lines.last();
  }
}
