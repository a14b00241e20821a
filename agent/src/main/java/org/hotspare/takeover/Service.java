package org.hotspare.takeover;

import java.time.Duration;

/**
 * A service on top of the mirrors.
 *
 * @param timeout how long starting it may take, and stopping it, before it is killed
 */
public record Service(Control control, Where where, Duration timeout) {

  /** How it is started and stopped. */
  public sealed interface Control {}

  /**
   * By systemd.
   *
   * @param unit its name, with or without {@code .service}
   */
  public record Systemd(String unit) implements Control {}

  /**
   * By shell commands.
   *
   * @param start returns 0 once it has been started; what it leaves behind is the service
   * @param stop returns 0 once it has been stopped, or is stopping
   * @param status returns 0 while it runs, and something else while it does not; empty for none
   */
  public record Commands(String start, String stop, String status) implements Control {}

  /** On which data nodes it runs. */
  public enum Where {
    PRIMARY,
    ALL
  }

  /** For people. */
  public String name() {
    return switch (control) {
      case Systemd systemd -> systemd.unit();
      case Commands commands -> "\"" + commands.start() + "\"";
    };
  }
}
