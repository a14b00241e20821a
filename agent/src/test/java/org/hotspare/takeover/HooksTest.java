package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HooksTest extends CommandFixture {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final RoleChange PROMOTION =
      new RoleChange("web", "alpha", 7, "standby", "primary");

  private static final RoleChange DEMOTION =
      new RoleChange("web", "alpha", 7, "primary", "standby");

  private Hooks hooks(Duration timeout, List<String> before, List<String> after) {
    return new Hooks(before, after, timeout, "hooks@" + directory, Map.of("NOTIFY_SOCKET", "x"));
  }

  @Test
  void theyRunInTheirOrderAndKnowTheChange() throws Exception {
    String known =
        journal.write(
            "$HOTSPARE_WHEN $HOTSPARE_CLUSTER $HOTSPARE_NODE $HOTSPARE_EPOCH"
                + " $HOTSPARE_PREVIOUS_ROLE $HOTSPARE_ROLE $HOTSPARE_HOOK_OF$NOTIFY_SOCKET");
    Hooks hooks =
        hooks(LONG, List.of("sleep 0.2; " + known, journal.write("second")), List.of(known));
    assertThat(hooks.before(PROMOTION)).isEmpty();
    assertThat(hooks.after(PROMOTION)).isEmpty();
    assertThat(journal.lines())
        .containsExactly(
            "before web alpha 7 standby primary ", "second", "after web alpha 7 standby primary ");
  }

  @Test
  void whatTheyPrintIsLoggedLineByLine() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(Hooks.class);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    appender.start();
    logger.addAppender(appender);
    logger.setLevel(Level.INFO);
    try {
      String command = "echo one; printf 't\\033wo' >&2";
      hooks(LONG, List.of(command), List.of()).before(PROMOTION);
      assertThat(appender.list)
          .extracting(ILoggingEvent::getFormattedMessage)
          .containsExactly(
              "hook before \"" + command + "\": one", "hook before \"" + command + "\": t?wo");
    } finally {
      logger.setLevel(null);
      logger.detachAppender(appender);
    }
  }

  @Test
  void oneThatFailsIsToldAndStopsNothing() throws Exception {
    Hooks hooks =
        hooks(
            LONG,
            List.of("echo no route; exit 3", "/nonexistent/hook", journal.write("third")),
            List.of());
    assertThat(hooks.before(PROMOTION))
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .isEqualTo("hook before \"echo no route; exit 3\" failed: status 3: no route"),
            second -> assertThat(second).contains("failed: status 127: ").contains("not found"));
    assertThat(journal.lines()).containsExactly("third");
  }

  @Test
  void oneThatHangsIsKilledWithAllThatItStarted() throws Exception {
    String stuck =
        "trap '' TERM INT HUP; set -m; %1$s & (trap '' TERM; %1$s) & echo waiting; %1$s"
            .formatted(sleepers.command());
    Hooks hooks = hooks(SHORT, List.of(stuck), List.of(journal.write("after")));
    assertThat(hooks.before(PROMOTION))
        .singleElement()
        .asString()
        .contains("failed: no end within 2.0 s, so killed: ")
        .endsWith("waiting");
    sleepers.awaitNone();
    assertThat(hooks.after(PROMOTION)).isEmpty();
    assertThat(journal.lines()).containsExactly("after");
  }

  @Test
  void neverDoTwoRunAtOnce() throws Exception {
    Path running = directory.resolve("running");
    String alone =
        "mkdir %1$s || %2$s; sleep 0.02; rmdir %1$s; %3$s"
            .formatted(running, journal.write("two at once"), journal.write("done"));
    Hooks hooks = hooks(LONG, List.of(alone, alone), List.of());
    // As after the configuration was read again.
    Hooks others = hooks(LONG, List.of(), List.of(alone));
    int changes = 6;
    try (ExecutorService several = Executors.newFixedThreadPool(changes)) {
      List<Future<List<String>>> all = new ArrayList<>();
      for (int i = 0; i < changes; i++) {
        boolean before = i % 2 == 0;
        all.add(several.submit(() -> before ? hooks.before(PROMOTION) : others.after(PROMOTION)));
      }
      for (Future<List<String>> one : all) {
        assertThat(one.get()).isEmpty();
      }
    }
    assertThat(journal.lines()).hasSize(9).containsOnly("done");
  }

  @Test
  void aDemotionEndsTheHooksOfThePromotionBeforeItAndDoesNotWaitForThem() throws Exception {
    String promoted = journal.write("promoted");
    Hooks old = hooks(LONG, List.of(), List.of(sleepers.command() + "; " + promoted, promoted));
    CompletableFuture<List<String>> promotion = new CompletableFuture<>();
    Thread changing =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    promotion.complete(old.after(PROMOTION));
                  } catch (InterruptedException e) {
                    promotion.completeExceptionally(e);
                  }
                });
    sleepers.awaitSome(1);
    Hooks hooks = hooks(LONG, List.of(journal.write("demoted")), List.of(promoted));
    assertThat(hooks.before(DEMOTION)).isEmpty();
    assertThat(promotion.get())
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .contains("was killed, since the node is not to be primary any more: signal 9"),
            second -> assertThat(second).contains("was not run, since the node is not to be"));
    changing.join();
    sleepers.awaitNone();
    // Also those that come too late.
    assertThat(hooks.after(PROMOTION)).singleElement().asString().contains("was not run");
    assertThat(journal.lines()).containsExactly("demoted");
    assertThat(hooks.after(new RoleChange("web", "alpha", 8, "standby", "primary"))).isEmpty();
    assertThat(journal.lines()).containsExactly("demoted", "promoted");
  }

  @Test
  void whoIsInterruptedEndsTheHookThatRuns() throws Exception {
    Hooks hooks = hooks(LONG, List.of(sleepers.command() + "; true"), List.of());
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread changing =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    hooks.before(PROMOTION);
                  } catch (InterruptedException stopped) {
                    interrupted.set(true);
                  }
                });
    sleepers.awaitSome(1);
    changing.interrupt();
    changing.join();
    assertThat(interrupted).isTrue();
    sleepers.awaitNone();
  }

  @Test
  void whoPrintsWithoutEndIsNotLoggedWithoutEnd() throws Exception {
    Deque<String> lines = new ConcurrentLinkedDeque<>();
    TimedCommand yes = TimedCommand.shell("yes", Map.of(), lines::add);
    await(
        "it has printed more than is passed on",
        () -> Objects.equals(lines.peekLast(), "… and more, which is left out"));
    assertThat(yes.await(Duration.ZERO).late()).isTrue();
    assertThat(lines).hasSizeBetween(1000, 20_000);
    assertThat(lines.getLast()).isEqualTo("… and more, which is left out");
  }

  @Test
  void aNulIsNotGivenToAnyProgram() {
    assertThatThrownBy(() -> TimedCommand.shell("echo \0", Map.of(), line -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
