package org.hotspare.admin;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A node whose role a test sets. */
final class FakeNode implements Availability {
  private final String name;
  volatile boolean primary;
  volatile boolean connected = true;
  volatile boolean up = true;
  volatile Duration lag = Duration.ZERO;

  volatile Status status = FixedOperations.exampleStatus();

  /** What {@link #status} does before it answers. */
  volatile Runnable looking = () -> {};

  FakeNode(String name) {
    this.name = name;
  }

  @Override
  public Verdict primary() {
    return primary ? Verdict.yes(name + " is primary") : Verdict.no(name + " is not primary");
  }

  @Override
  public Verdict standby(@Nullable Duration maxLag) {
    if (primary) {
      return Verdict.no(name + " is not a standby");
    }
    if (!connected) {
      return Verdict.no(name + " is not connected");
    }
    return maxLag == null || lag.compareTo(maxLag) <= 0
        ? Verdict.yes(name + " is a standby")
        : Verdict.no(name + " is behind");
  }

  @Override
  public Verdict health() {
    return up ? Verdict.yes(name + " works") : Verdict.no(name + " is stopping");
  }

  @Override
  public Status status() {
    looking.run();
    return status;
  }
}
