package org.hotspare.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether people look at what is printed. */
public final class Terminal {
  private Terminal() {}

  /** Of the standard output. */
  public static boolean showsOutput() {
    return isTerminal(Path.of("/proc/self/fd/1"));
  }

  /** Of the standard error. */
  public static boolean showsErrors() {
    return isTerminal(Path.of("/proc/self/fd/2"));
  }

  // By the name of its device: asking java.io.Console would load a line editor first.
  private static boolean isTerminal(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException closed) {
      return false;
    }
  }
}
