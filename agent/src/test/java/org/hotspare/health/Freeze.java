package org.hotspare.health;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hotspare.testing.Command;

/** A filesystem on which every write waits until it is thawed, by closing this. Needs root. */
final class Freeze implements AutoCloseable {
  private final Path mountPoint;
  private final Thread atShutdown = new Thread(this::thaw, "thaw");
  private final AtomicBoolean thawed = new AtomicBoolean();

  private Freeze(Path mountPoint) {
    this.mountPoint = mountPoint;
  }

  static Freeze of(Path mountPoint) {
    Freeze freeze = new Freeze(mountPoint);
    // A process whose thread waits for this disk cannot end.
    Runtime.getRuntime().addShutdownHook(freeze.atShutdown);
    Command.succeed(List.of("fsfreeze", "--freeze", mountPoint.toString()));
    return freeze;
  }

  void thaw() {
    if (thawed.compareAndSet(false, true)) {
      Command.succeed(List.of("fsfreeze", "--unfreeze", mountPoint.toString()));
    }
  }

  @Override
  public void close() {
    thaw();
    Runtime.getRuntime().removeShutdownHook(atShutdown);
  }
}
