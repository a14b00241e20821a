package org.hotspare.admin;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Lines of UTF-8 from a channel, none longer than a given number of bytes. */
final class LineReader {
  private final ReadableByteChannel channel;
  private final int mostBytes;
  private final ByteBuffer received = ByteBuffer.allocate(8192).flip();

  LineReader(ReadableByteChannel channel, int mostBytes) {
    this.channel = channel;
    this.mostBytes = mostBytes;
  }

  /**
   * The next line without its end; nothing at the end of the stream.
   *
   * @throws ProtocolException if the line is too long, or the stream ends within it
   */
  Optional<String> next() throws IOException {
    byte[] line = new byte[256];
    int length = 0;
    while (true) {
      while (received.hasRemaining()) {
        byte value = received.get();
        if (value == '\n') {
          return Optional.of(new String(line, 0, length, StandardCharsets.UTF_8));
        }
        if (length == mostBytes) {
          throw new ProtocolException("a line of more than " + mostBytes + " bytes");
        }
        if (length == line.length) {
          line = Arrays.copyOf(line, Math.min(mostBytes, length * 2));
        }
        line[length++] = value;
      }
      received.clear();
      int read = channel.read(received);
      received.flip();
      if (read < 0 && length > 0) {
        throw new ProtocolException("the stream ends within a line");
      }
      if (read < 0) {
        return Optional.empty();
      }
    }
  }
}
