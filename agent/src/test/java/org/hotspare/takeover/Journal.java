package org.hotspare.takeover;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file to which a test's commands write lines. */
record Journal(Path file) {
  static Journal in(Path directory) {
    return new Journal(directory.resolve("journal"));
  }

  /** A command that writes the text, in which the shell puts its variables. */
  String write(String text) {
    return "echo \"" + text + "\" >>" + file;
  }

  List<String> lines() {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
