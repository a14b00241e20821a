package org.hotspare.admin;

import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.SequenceInputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What an event log held at one moment, read event by event: it takes no memory however much that
 * is, and keeps nobody from recording, since what becomes of the files meanwhile does not matter.
 * For one thread at a time.
 */
final class PastEvents implements AutoCloseable {
  private final BufferedReader lines;

  private PastEvents(List<InputStream> files) {
    InputStream all = new SequenceInputStream(Collections.enumeration(files));
    this.lines = new BufferedReader(new InputStreamReader(all, StandardCharsets.UTF_8));
  }

  /**
   * @param files of whole lines, the oldest first; nobody writes to them during this call. What is
   *     missing holds nothing
   */
  static PastEvents of(List<Path> files) throws IOException {
    List<InputStream> opened = new ArrayList<>();
    try {
      for (Path file : files) {
        if (Files.exists(file)) {
          opened.add(new Beginning(FileChannel.open(file, StandardOpenOption.READ)));
        }
      }
      return new PastEvents(opened);
    } catch (IOException e) {
      for (InputStream each : opened) {
        each.close();
      }
      throw e;
    }
  }

  /** A file as long as it is now, whatever is appended. */
  private static final class Beginning extends FilterInputStream {
    private long left;

    Beginning(FileChannel file) throws IOException {
      super(Channels.newInputStream(file));
      this.left = file.size();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = left == 0 ? -1 : super.read(into, offset, (int) Math.min(length, left));
      left -= Math.max(0, read);
      return read;
    }
  }

  /** The next one; empty at the end. What is no event is passed over. */
  Optional<Event> next() throws IOException {
    return next("");
  }

  /**
   * Goes on after the first event of that time.
   *
   * @return false if there is none: nothing is left then
   */
  boolean skipPast(Instant time) throws IOException {
    // Few lines have to be understood for that.
    String written = Json.write(time);
    Optional<Event> event = next(written);
    while (event.isPresent() && !time.equals(event.get().time())) {
      event = next(written);
    }
    return event.isPresent();
  }

  private Optional<Event> next(String containing) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Optional<Event> event = line.contains(containing) ? Event.read(line) : Optional.empty();
      if (event.isPresent()) {
        return event;
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
