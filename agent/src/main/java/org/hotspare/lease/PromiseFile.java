package org.hotspare.lease;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hotspare.wire.DurableFile;

/** A voter's {@link Promise} on disk: one line with the epoch and the candidate. */
final class PromiseFile {
  private static final Pattern LINE = Pattern.compile("([0-9]{1,18}) (\\S+)\n");

  private final Path file;

  PromiseFile(Path file) {
    this.file = file;
  }

  /**
   * @return {@link Promise#NONE} where there is no file
   * @throws IOException if it cannot be read or is damaged: a voter that does not know what it
   *     promised must not vote
   */
  Promise read() throws IOException {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException none) {
      return Promise.NONE;
    }
    Matcher line = LINE.matcher(text);
    if (!line.matches()) {
      throw new IOException(
          file
              + " is damaged: it held what this node promised as a voter; restore it, or have this"
              + " node invited again");
    }
    return new Promise(Long.parseLong(line.group(1)), line.group(2));
  }

  /** Durable when it returns. */
  void write(Promise promise) throws IOException {
    String line = promise.epoch() + " " + promise.candidate() + "\n";
    DurableFile.write(file, line.getBytes(StandardCharsets.UTF_8), DurableFile.SECRET);
  }
}
