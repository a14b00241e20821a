package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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

  private static long looks(Checks checks, int index) {
    return checks.snapshot().size() > index ? checks.snapshot().get(index).standing().looks() : 0;
  }
}
