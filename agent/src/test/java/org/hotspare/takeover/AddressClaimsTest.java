package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.AddressNetwork.INTERFACE;
import static org.hotspare.takeover.AddressNetwork.SERVICE4;
import static org.hotspare.takeover.AddressNetwork.SERVICE6;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hotspare.takeover.AddressNetwork.Machine;
import org.hotspare.takeover.ClaimListener.Heard;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the network is told of service addresses, and what it tells, seen by a client. */
class AddressClaimsTest {
  private static final String STRANGER = "02:00:00:00:00:99";

  @RegisterExtension static final AddressNetwork network = new AddressNetwork();

  @Test
  void clientsFollowThemToTheNextHolder() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    AddressProcess beta = network.node(Machine.BETA);
    alpha.ask("raise 60000");
    alpha.ask("announce");
    network.awaitAnswers();
    network.believe(Machine.ALPHA);
    assertThat(beta.ask("raise 60000")).isEqualTo("done");
    // Not before it is told to.
    Thread.sleep(200);
    assertThat(network.believed(Machine.ALPHA.hardware())).isTrue();
    alpha.ask("lower");
    long begun = System.nanoTime();
    beta.ask("announce");
    Await.await("the client follows", () -> network.believed(Machine.BETA.hardware()));
    System.out.println("the client followed after ms: " + (System.nanoTime() - begun) / 1_000_000);
    network.awaitAnswers();
    network.believe(Machine.BETA);
    beta.ask("lower");
    alpha.ask("raise 60000");
    alpha.ask("announce");
    Await.await("the client goes back", () -> network.believed(Machine.ALPHA.hardware()));
  }

  @Test
  void areAnnouncedInBurstsAndAgainWhenAStrangerClaimsThem() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 600000");
    ClaimListener listener = network.listen();
    long begun = System.nanoTime();
    alpha.ask("announce");
    Await.await("the burst is over", () -> alpha.sum("announced") == 12);
    requireBurst(listener.finish(), begun);
    network.believe(Machine.ALPHA);
    ClaimListener again = network.listen();
    network.claim(Machine.BETA, STRANGER);
    Await.await("it is answered", () -> network.believed(Machine.ALPHA.hardware()));
    Await.await("it is told", () -> alpha.sum("claimed") >= 2);
    // Whoever goes on does not provoke as many answers.
    for (int i = 0; i < 10; i++) {
      network.claim(Machine.BETA, STRANGER);
    }
    Await.await("it was heard", () -> alpha.sum("claimed") >= 22);
    requireAnswers(again.finish());
    Await.await("it is answered", () -> network.believed(Machine.ALPHA.hardware()));
    assertThat(alpha.reports())
        .anyMatch(
            report -> report.contains("another machine, " + STRANGER + ", claims " + SERVICE4))
        .anyMatch(report -> report.contains(", claims fd77"));
  }

  private static void requireBurst(List<Heard> heard, long begun) {
    long[] dueMillis = {0, 200, 600, 1_500, 3_000, 5_000};
    for (String kind : List.of("request", "reply", "advertisement")) {
      List<Heard> its =
          heard.stream()
              .filter(each -> each.kind().equals(kind))
              .filter(each -> each.hardware().equals(Machine.ALPHA.hardware()))
              .toList();
      assertThat(its).as(kind).hasSize(dueMillis.length);
      for (int i = 0; i < dueMillis.length; i++) {
        long millis = TimeUnit.NANOSECONDS.toMillis(its.get(i).nanos() - begun);
        assertThat(millis).as("%s %d", kind, i).isGreaterThanOrEqualTo(dueMillis[i]);
      }
    }
  }

  private static void requireAnswers(List<Heard> heard) {
    assertThat(heard.getFirst().hardware()).isEqualTo(STRANGER);
    List<Heard> answers = heard.stream().filter(each -> !each.hardware().equals(STRANGER)).toList();
    // Long before one was due anyway.
    long answerMillis = millisBetween(heard.getFirst(), answers.getFirst());
    System.out.println("a claim was answered after ms: " + answerMillis);
    assertThat(answerMillis).isLessThan(5_000);
    // At most three of three frames in each second, and those that were due.
    long millis = millisBetween(heard.getFirst(), heard.getLast());
    assertThat(answers).hasSizeBetween(3, (int) (millis / 1_000 + 2) * 9);
  }

  private static long millisBetween(Heard first, Heard second) {
    return TimeUnit.NANOSECONDS.toMillis(second.nanos() - first.nanos());
  }

  @Test
  void areNeitherAnnouncedNorPutBackOnceTheLeaseIsOver() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("held false");
    assertThat(alpha.ask("raise 60000"))
        .contains("AddressUnavailableException", "the lease is over");
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
    alpha.ask("held true");
    alpha.ask("raise 60000");
    network.claim(Machine.BETA, STRANGER);
    Await.await("it is heard", () -> alpha.sum("claimed") == 2);
    alpha.ask("held false");
    ClaimListener listener = network.listen();
    alpha.ask("announce");
    network.claim(Machine.BETA, STRANGER);
    network.ip(Machine.ALPHA, "address delete %s/24 dev %s".formatted(SERVICE4, INTERFACE));
    network.ip(Machine.ALPHA, "link set eth0 down");
    network.ip(Machine.ALPHA, "link set eth0 up");
    alpha.ask("extend 60000");
    Thread.sleep(800);
    assertThat(listener.finish()).isNotEmpty().allMatch(heard -> heard.hardware().equals(STRANGER));
    assertThat(alpha.sum("claimed")).isEqualTo(2);
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
    network.believe(Machine.BETA);
    alpha.ask("held true");
    alpha.ask("extend 60000");
    Await.await("they are back", () -> network.has(Machine.ALPHA));
    Await.await("they are announced", () -> network.believed(Machine.ALPHA.hardware()));
  }

  @Test
  void aFloodOfClaimsIsReportedNowAndThen() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 600000");
    long begun = System.nanoTime();
    network.flood(Machine.BETA, 4_000);
    Await.await(
        "it is told", () -> alpha.ask("problem").isEmpty() && !claimReports(alpha).isEmpty());
    long heard = alpha.sum("claimed");
    long reported = claimReports(alpha).size();
    long millis = (System.nanoTime() - begun) / 1_000_000;
    System.out.println(heard + " of 4000 claims were heard in " + millis + " ms");
    assertThat(heard).isBetween(1L, (millis / 100 + 1) * 64);
    assertThat(reported).isLessThanOrEqualTo(millis / 10_000 + 1);
  }

  private static List<String> claimReports(AddressProcess process) {
    return process.reports().stream().filter(report -> report.contains("claims")).toList();
  }

  @Test
  void raisingThemAgainEndsTheirAnnouncements() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 60000");
    alpha.ask("announce");
    Await.await("they are announced", () -> alpha.sum("announced") >= 2);
    // As after a demotion and a promotion: the gate is shut.
    alpha.ask("raise 60000");
    long before = alpha.sum("announced");
    // The next was due 0.2 to 0.6 s after the last.
    Thread.sleep(1_000);
    assertThat(alpha.sum("announced")).isEqualTo(before);
  }

  @Test
  void aProbeFindsAStrangerAndClaimsNothing() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    long begun = System.nanoTime();
    assertThat(alpha.ask("probe 300")).isEmpty();
    assertThat(System.nanoTime() - begun).isGreaterThan(300_000_000L);
    network.ip(Machine.BETA, "address add %s/24 dev eth0".formatted(SERVICE4));
    network.ip(Machine.BETA, "address add %s/64 dev eth0 nodad".formatted(SERVICE6));
    network.believe(Machine.BETA);
    ClaimListener listener = network.listen();
    begun = System.nanoTime();
    assertThat(alpha.ask("probe 20000"))
        .isEqualTo(
            "10.77.0.100 at %1$s, fd77:0:0:0:0:0:0:100 at %1$s".formatted(Machine.BETA.hardware()));
    // It does not wait once all have answered.
    System.out.println("found after ms: " + (System.nanoTime() - begun) / 1_000_000);
    assertThat(System.nanoTime() - begun).isLessThan(15_000_000_000L);
    assertThat(network.believed(Machine.BETA.hardware())).isTrue();
    assertThat(listener.finish())
        .noneMatch(heard -> heard.hardware().equals(Machine.ALPHA.hardware()));
  }
}
