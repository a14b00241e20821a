package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;

class ChecksTest {
  private static final Schedule QUICK =
      new Schedule(Duration.ofMillis(100), Duration.ofMillis(100), 3, 2);

  private static Health health(Checks checks, String name) {
    return checks.snapshot().stream()
        .filter(one -> one.check().name().equals(name))
        .map(one -> one.standing().health())
        .findFirst()
        .orElse(Health.UNKNOWN);
  }

  @Test
  void whatTurnsIsToldOnceWithItsReason() throws Exception {
    List<String> turns = new CopyOnWriteArrayList<>();
    CheckListener listener =
        (now, before) -> {
          if (now.standing().health() != before) {
            turns.add(before + " " + now.standing().health());
            throw new IllegalStateException("a listener that is broken ends nothing");
          }
        };
    ServerSocket port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    try (Checks checks = Checks.start(listener)) {
      TcpCheck check = new TcpCheck("127.0.0.1", port.getLocalPort());
      checks.replace(List.of(new Check("port", check, QUICK)));
      Await.await("the port is up", () -> health(checks, "port") == Health.UP);
      long up = checks.snapshot().getFirst().standing().sinceNanos();
      port.close();
      Await.await("the port is down", () -> health(checks, "port") == Health.DOWN);
      Standing down = checks.snapshot().getFirst().standing();
      assertThat(down.text()).endsWith("Connection refused");
      assertThat(down.sinceNanos()).isBetween(up, System.nanoTime());
      assertThat(turns).containsExactly("UNKNOWN UP", "UP DOWN");
    } finally {
      port.close();
    }
  }

  @Test
  void reloadingKeepsWhatTheUnchangedHaveSaid() throws Exception {
    try (ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Checks checks = Checks.start((now, before) -> {})) {
      TcpCheck open = new TcpCheck("127.0.0.1", port.getLocalPort());
      PingCheck ping = new PingCheck(List.of("127.0.0.1"));
      checks.replace(
          List.of(
              new Check("a", open, QUICK),
              new Check("b", open, QUICK),
              new Check("c", ping, QUICK)));
      Await.await(
          "all are up",
          () ->
              List.of("a", "b", "c").stream().allMatch(name -> health(checks, name) == Health.UP));

      // One stays, one has other times, one looks at something else, one is new, one is gone.
      Schedule rare = new Schedule(Duration.ofHours(1), QUICK.timeout(), 5, 5);
      checks.replace(
          List.of(
              new Check("d", ping, rare), new Check("b", ping, rare), new Check("a", open, rare)));
      Await.await(
          "they are other ones", () -> checks.snapshot().getFirst().check().name().equals("d"));
      assertThat(checks.snapshot())
          .extracting(one -> one.check().name())
          .containsExactly("d", "b", "a");
      assertThat(health(checks, "a")).isEqualTo(Health.UP);
      assertThat(health(checks, "b")).isEqualTo(Health.UNKNOWN);
      assertThat(health(checks, "d")).isEqualTo(Health.UNKNOWN);
      assertThat(checks.snapshot().getLast().check().schedule()).isEqualTo(rare);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  checks.replace(List.of(new Check("a", open, rare), new Check("a", ping, rare))));
    }
    HttpCheckTest.awaitNoChecks();
    Await.await(
        "nobody watches the time",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("checks")));
  }

  @Test
  void aCheckThatHangsDelaysNoOther() throws Exception {
    try (WebServer hanging = WebServer.start(WebServer.Conversation::hang);
        Checks checks = Checks.start((now, before) -> {})) {
      HttpCheck check = new HttpCheck(URI.create(hanging.url("/")), List.of(), "");
      Schedule slow = new Schedule(Duration.ofSeconds(60), Duration.ofSeconds(60), 1, 1);
      checks.replace(
          List.of(
              new Check("hangs", check, slow),
              new Check("works", new PingCheck(List.of("127.0.0.1")), QUICK)));
      Await.await("one has looked ten times", () -> looks(checks, 1) >= 10);
      assertThat(looks(checks, 0)).isZero();
      assertThat(hanging.connections.get()).isLessThanOrEqualTo(1);
    }
  }

  /** Does what a test says; others are never equal to it. */
  private static final class Faked implements Probe {
    private final AtomicReference<Error> preparing = new AtomicReference<>();
    private final AtomicReference<Error> looking = new AtomicReference<>();
    private final AtomicReference<Error> comparing = new AtomicReference<>();
    private final CountDownLatch prepared = new CountDownLatch(1);

    private static void raise(AtomicReference<Error> error) {
      Error raised = error.get();
      if (raised != null) {
        throw raised;
      }
    }

    @Override
    public void prepare() throws InterruptedException {
      prepared.await();
      raise(preparing);
    }

    @Override
    public Outcome look(Attempt attempt) {
      raise(looking);
      return new Outcome.Passed("fine");
    }

    @Override
    public boolean equals(Object other) {
      raise(comparing);
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  private static Standing first(Checks checks) {
    return checks.snapshot().isEmpty()
        ? Standing.unknown(0)
        : checks.snapshot().getFirst().standing();
  }

  @Test
  void whatIsBrokenHereEndsNoCheckAndFailsNobody() throws Exception {
    Faked probe = new Faked();
    probe.preparing.set(new ExceptionInInitializerError("no class"));
    probe.looking.set(new OutOfMemoryError("none is left"));
    try (Checks checks = Checks.start((now, before) -> {})) {
      checks.replace(List.of(new Check("a", probe, QUICK)));
      Await.await(
          "it is being prepared", () -> first(checks).unable().startsWith("preparing for "));
      probe.prepared.countDown();
      Await.await("its looks are broken", () -> first(checks).unable().endsWith("none is left"));
      assertThat(first(checks).unable()).startsWith("the check is broken: ");
      probe.looking.set(null);
      Await.await("it is up", () -> health(checks, "a") == Health.UP);
      probe.looking.set(new StackOverflowError("too deep"));
      Await.await("it is broken again", () -> first(checks).unable().endsWith("too deep"));
      assertThat(health(checks, "a")).isEqualTo(Health.UP);
      assertThat(first(checks).inARow()).isPositive();
      probe.looking.set(null);
      long looks = looks(checks, 0);
      Await.await("it looks again", () -> looks(checks, 0) > looks);
      assertThat(first(checks).unable()).isEmpty();
    }
  }

  @Test
  void whatNobodyLooksAtAnyMoreIsNotTakenForUp() throws Exception {
    List<String> turns = new CopyOnWriteArrayList<>();
    CheckListener listener =
        (now, before) -> {
          if (now.standing().health() != before) {
            turns.add(before + " " + now.standing().health());
          }
        };
    Faked probe = new Faked();
    probe.prepared.countDown();
    try (Checks checks = Checks.start(listener)) {
      checks.replace(List.of(new Check("a", probe, QUICK)));
      Await.await("it is up", () -> health(checks, "a") == Health.UP);
      probe.comparing.set(new AssertionError("the thread that watches the time dies"));
      checks.replace(List.of(new Check("a", probe, QUICK)));
      Await.await("it is unknown", () -> turns.contains("UP UNKNOWN"));
      assertThat(first(checks).health()).isEqualTo(Health.UNKNOWN);
      assertThat(first(checks).unable())
          .startsWith("checks are not made any more: ")
          .endsWith("watches the time dies");
    }
    HttpCheckTest.awaitNoChecks();
  }

  private static long looks(Checks checks, int index) {
    return checks.snapshot().size() > index ? checks.snapshot().get(index).standing().looks() : 0;
  }
}
