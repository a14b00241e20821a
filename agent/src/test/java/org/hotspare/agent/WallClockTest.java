package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Event;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Agents whose wall clock is set while they run, by {@code wall_clock.c}, which stands between them
 * and the time of day. The clocks by which leases are counted are left alone, as the kernel leaves
 * them when somebody sets the time.
 */
@Tag("long")
final class WallClockTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final String PRIMARY = "alpha";
  private static final String STANDBY = "beta";
  private static final String WITNESS = "gamma";

  @TempDir Path base;
  private @Nullable Trio made;

  @BeforeEach
  void setClocks() throws IOException {
    for (String node : Trio.NODES) {
      set(node, Duration.ZERO);
    }
  }

  @AfterEach
  void end() {
    if (made != null) {
      made.close();
    }
  }

  private Path clock(String node) {
    return base.resolve(node + ".clock");
  }

  private void set(String node, Duration ahead) throws IOException {
    Path written = base.resolve(node + ".clock.new");
    Files.writeString(written, "%+d".formatted(ahead.toSeconds()));
    Files.move(written, clock(node), StandardCopyOption.ATOMIC_MOVE);
  }

  private List<String> before(String node) {
    return List.of("env", "LD_PRELOAD=" + library(), "WALL_CLOCK=" + clock(node));
  }

  private Path library() {
    return base.resolve("wall_clock.so");
  }

  private void compile() {
    Path source = Path.of(System.getProperty("basedir", "")).resolve("src/test/c/wall_clock.c");
    Command.succeed(
        List.of(
            "gcc",
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-o",
            library().toString(),
            source.toAbsolutePath().toString()));
  }

  private Trio start() throws Exception {
    compile();
    Trio trio = Trio.make(base, LEASE, "", this::before);
    made = trio;
    return trio.startReady();
  }

  /** By the time of its last event. */
  private static Duration ahead(Trio trio, String node) {
    List<Event> events = new ArrayList<>();
    try {
      trio.agent(node).client().events(1, false, events::add);
    } catch (CommandFailure e) {
      throw new AssertionError(e);
    }
    return Duration.between(Instant.now(), events.getLast().time());
  }

  @Test
  void anHourMoreOrLessMovesNothing() throws Exception {
    Trio trio = start();
    trio.watch(
        () -> {
          long epoch = trio.epochAt(PRIMARY);
          for (Duration hour : List.of(HOUR, HOUR.negated())) {
            set(PRIMARY, hour);
            set(STANDBY, hour.negated());
            set(WITNESS, hour);
            Thread.sleep(3 * LEASE.toMillis());
            trio.barrier(PRIMARY);
            assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(PRIMARY);
            assertThat(trio.epochAt(PRIMARY)).isEqualTo(epoch);
          }
          Files.writeString(trio.tree(PRIMARY).resolve("confirmed"), "content");
          trio.barrier(PRIMARY);
          trio.agent(PRIMARY).kill();
          long killed = System.nanoTime();
          trio.awaitPrimary(STANDBY);
          System.out.printf(
              "WallClockTest: %s is primary %d ms after %s died%n",
              STANDBY, (System.nanoTime() - killed) / 1_000_000, PRIMARY);
          assertThat(ahead(trio, STANDBY)).as("its clock").isGreaterThan(HOUR.minusMinutes(5));
          assertThat(trio.tree(STANDBY).resolve("confirmed")).hasContent("content");
          trio.agent(PRIMARY).start();
          trio.awaitPromotable(STANDBY, PRIMARY);
          assertThat(ahead(trio, PRIMARY))
              .as("its clock")
              .isLessThan(HOUR.negated().plusMinutes(5));
          trio.barrier(STANDBY);
          trio.assertSame();
        });
  }

  /** Data nodes renew theirs by themselves, a witness cannot; two of three go on. */
  @Test
  void certificatesThatExpired() throws Exception {
    Trio trio = start();
    trio.watch(
        () -> {
          for (String node : Trio.NODES) {
            trio.agent(node).kill();
            set(node, Duration.ofDays(100));
          }
          for (String node : Trio.NODES) {
            trio.agent(node).start();
          }
          String primary = trio.awaitSettled();
          trio.barrier(primary);
          for (String node : Trio.DATA_NODES) {
            assertThat(trio.tells(node, "certificate renewed until ")).as(node).isTrue();
          }
          await(
              WITNESS + " says that its certificate is not renewed",
              () ->
                  trio.tells(
                      WITNESS, "nobody renews the certificate of a witness: have it join again"));
          await(
              "they say why " + WITNESS + " is refused",
              () -> trio.agent(primary).says("the certificate of node gamma expired at "));
        });
  }
}
