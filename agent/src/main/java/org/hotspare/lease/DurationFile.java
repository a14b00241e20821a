package org.hotspare.lease;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hotspare.wire.DurableFile;

/**
 * The longest duration of the lease by which something may still count that this voter
 * acknowledged: one line with the milliseconds. A voter that is started with a shorter one waits
 * for this one first.
 */
final class DurationFile {
  private static final Pattern LINE = Pattern.compile("([1-9][0-9]{0,8})\n");

  private final Path file;

  DurationFile(Path file) {
    this.file = file;
  }

  /**
   * @return zero where there is no file: it never voted
   * @throws IOException if it cannot be read or is damaged: a voter that does not know for how long
   *     it has to wait must not vote
   */
  Duration read() throws IOException {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException none) {
      return Duration.ZERO;
    }
    Matcher line = LINE.matcher(text);
    if (!line.matches()) {
      throw new IOException(
          file
              + " is damaged: it held for how long this node, once started, waits before it votes;"
              + " delete it when the agent has been off for longer than any `duration` of the lease"
              + " that was configured");
    }
    return Duration.ofMillis(Long.parseLong(line.group(1)));
  }

  /** Durable when it returns. */
  void write(long millis) throws IOException {
    DurableFile.write(file, (millis + "\n").getBytes(StandardCharsets.UTF_8), DurableFile.SECRET);
  }
}
