package org.hotspare.takeover;

import java.util.List;

/**
 * How a command ended.
 *
 * @param status what it returned; {@link #NONE} where it did not return by itself
 * @param late whether its time was over
 * @param how for people, such as {@code status 3}
 * @param lines the last few that it printed, the oldest of them first
 */
record CommandEnd(int status, boolean late, String how, List<String> lines) {
  static final int NONE = -1;

  /** What a shell returns for a command that is there but cannot be run. */
  private static final int NOT_EXECUTABLE = 126;

  /** What a shell returns for a command that is not there. */
  private static final int NOT_FOUND = 127;

  CommandEnd {
    lines = List.copyOf(lines);
  }

  boolean isSuccess() {
    return status == 0;
  }

  /** Whether what it returned is the command's own word. */
  boolean isAnswer() {
    return status != NONE && status != NOT_EXECUTABLE && status != NOT_FOUND;
  }

  /** For people: how it ended, and what it last printed. */
  @Override
  public String toString() {
    return with(lines);
  }

  /** As {@link #toString}, with these lines in place of what it printed itself. */
  String with(List<String> printed) {
    return printed.isEmpty() ? how : how + ": " + String.join(" / ", printed);
  }
}
