package org.hotspare.takeover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code /proc/PID/stat} says of a process.
 *
 * @param ended but not reaped
 * @param session the id of its session
 * @param startTicks when it began, in ticks since the machine did
 */
record ProcessStat(boolean ended, long session, String startTicks) {
  private static final Path PROC = Path.of("/proc");

  /** Places among the fields after the name. */
  private static final int STATE = 0;

  private static final int SESSION = 3;
  private static final int START = 19;

  /**
   * @throws IOException if it is not there any more
   */
  static ProcessStat of(long pid) throws IOException {
    String line = Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1);
    // PID (NAME) STATE PARENT …, and the name may hold anything.
    String[] fields = line.substring(line.lastIndexOf(')') + 1).strip().split(" ", -1);
    if (fields.length <= START) {
      throw new IOException("not as the kernel writes it: " + line);
    }
    boolean ended = fields[STATE].equals("Z") || fields[STATE].equals("X");
    return new ProcessStat(ended, Long.parseLong(fields[SESSION]), fields[START]);
  }
}
