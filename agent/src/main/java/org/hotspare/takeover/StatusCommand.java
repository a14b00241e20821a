package org.hotspare.takeover;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The command that says whether a service runs and is well. For one thread. */
final class StatusCommand {
  /** A question takes no longer, however much time there is: what is asked it for has to go on. */
  static final Duration ANSWERS_WITHIN = Duration.ofSeconds(5);

  private static final Duration LEAST = Duration.ofSeconds(2);

  /** What it says. */
  enum Answer {
    RUNNING,

    /** It does not run, or is not well. */
    DOWN,
    UNKNOWN
  }

  private final String command;
  private final Map<String, String> environment;
  private @Nullable CommandEnd last;

  /**
   * @param command empty for none
   */
  StatusCommand(String command, Map<String, String> environment) {
    this.command = command;
    this.environment = environment;
  }

  boolean exists() {
    return !command.isEmpty();
  }

  Answer ask(Deadline deadline) throws InterruptedException {
    Duration left = deadline.remainingAtLeast(LEAST);
    CommandEnd end =
        TimedCommand.shell(command, environment, line -> {})
            .await(left.compareTo(ANSWERS_WITHIN) < 0 ? left : ANSWERS_WITHIN);
    last = end;
    if (!end.isAnswer()) {
      return Answer.UNKNOWN;
    }
    return end.isSuccess() ? Answer.RUNNING : Answer.DOWN;
  }

  /** For people: how the last one ended, and what it printed. */
  String last() {
    return "its status command: " + last;
  }
}
