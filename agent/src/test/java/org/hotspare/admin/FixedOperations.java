package org.hotspare.admin;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/** An agent whose answers are known: what it is asked comes back in its answers. */
final class FixedOperations implements Operations {
  final CountDownLatch waiting = new CountDownLatch(1);
  final CountDownLatch interrupted = new CountDownLatch(1);

  static Status exampleStatus() {
    Position position = new Position(7, 42);
    return new Status(
        "alpha",
        "0.1.0",
        Role.PRIMARY,
        7,
        null,
        null,
        List.of(),
        new Status.PrimaryStatus("alpha", true),
        List.of(
            new MirrorStatus(
                "www",
                "/srv/www",
                MirrorState.CATCHING_UP,
                position,
                57_049,
                606_000_000,
                new CoverageStatus("fanotify", true, ""),
                List.of(new StandbyStatus("beta", true, position, new Lag(3, 12_288, 0.4))),
                List.of(new Problem("a/b", "permission denied")),
                1,
                null,
                new Progress(1, 2, 3, 4, 5, 6))),
        List.of(),
        List.of(),
        List.of("hotspare approve --mirror www"));
  }

  @Override
  public Status status() {
    return exampleStatus();
  }

  @Override
  public WaitResult waitForStandbys(Duration timeout) throws InterruptedException {
    if (timeout.toMillis() == 1) {
      return new WaitResult(false, 1, List.of("beta is not connected"));
    }
    if (timeout.toHours() >= 1) {
      waiting.countDown();
      try {
        Thread.sleep(timeout);
      } catch (InterruptedException stopped) {
        interrupted.countDown();
        throw stopped;
      }
    }
    return new WaitResult(true, timeout.toMillis(), List.of());
  }

  @Override
  public VerifyResult verify(@Nullable String mirror, boolean repair, VerifyListener listener)
      throws WrongRequest {
    if ("none".equals(mirror)) {
      throw new WrongRequest("There is no mirror \"none\".");
    }
    for (int i = 0; i < 1000; i++) {
      listener.progress(new Progress(i, 1000, 0, 0, 0, -1));
    }
    listener.difference(new Difference("www", "beta", "a", "content differs", repair));
    return new VerifyResult(57_049, 606_000_000, 1, repair ? 1 : 0, List.of());
  }

  @Override
  public Answer approve(@Nullable String mirror, Duration validFor) {
    return Answer.done(mirror + " for " + validFor);
  }

  @Override
  public Answer reject(@Nullable String mirror) {
    return Answer.refused("nothing of " + mirror + " is held");
  }

  @Override
  public Answer changeRoles(RoleOrder order) {
    return Answer.done(order.toString());
  }

  @Override
  public Invitation invite(String node) {
    throw new IllegalStateException("no invitation for " + node);
  }
}
