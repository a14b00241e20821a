package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.GateHost.NODE4;
import static org.hotspare.takeover.GateHost.NODE6;
import static org.hotspare.takeover.GateHost.OTHER_SERVICE4;
import static org.hotspare.takeover.GateHost.SERVICE4;

import java.util.List;
import org.hotspare.takeover.Observer.Question;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;

/** What is gated. */
class GateScopeTest extends GateFixture {
  @Test
  void portsAreGatedOnEveryAddressOfTheHost() throws InterruptedException {
    String[] gated = {
      "udp=" + NODE4, "udp=" + NODE6, "connect=" + NODE4, "connect=" + NODE6, "udp=" + SERVICE4
    };
    String[] free = {"icmp=" + NODE4, "icmp=" + NODE6, "connect=%s=8081".formatted(NODE4)};
    GateProcess gates = host.gates();
    assertThat(gates.ask("web open owned - 80,8080")).isEqualTo("owned");
    assertClosed(gated);
    awaitAnswers(free);
    awaitLocalAnswers(gated);
    openRound(gates, 1, 1);
    awaitAnswers(gated);
    Observer connected = host.observe(10, "tcp=" + NODE4, "tcp=" + NODE6);
    gates.ask("web shut");
    long shut = System.nanoTime();
    Thread.sleep(200);
    assertThat(connected.finish())
        .filteredOn(question -> question.sentNanos() > shut)
        .isNotEmpty()
        .noneMatch(Question::isAnswered);
    awaitAnswers(free);
  }

  @Test
  void twoClustersOnOneHostDoNotDisturbEachOther() throws InterruptedException {
    String mail = "icmp=" + OTHER_SERVICE4;
    String web = "icmp=" + SERVICE4;
    GateProcess gates = host.gates();
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    assertThat(gates.ask("mail open owned " + OTHER_SERVICE4 + " -")).isEqualTo("owned");
    openRound(gates, 5, 1);
    awaitAnswers(web);
    assertClosed(mail);
    gates.ask("mail arm 5 1 60000");
    gates.ask("mail select 5 1");
    gates.ask("web shut");
    awaitAnswers(mail);
    assertClosed(web);
    gates.ask("web remove");
    awaitAnswers(web, mail);
    gates.ask("mail shut");
    awaitAnswers(web);
    assertClosed(mail);
  }

  @Test
  void aContainerBehindATranslatedAddressIsCutOff() throws InterruptedException {
    host.addContainer();
    GateProcess gates = opened();
    Observer observer = host.observe(10, "push=" + SERVICE4 + "=" + GateHost.CONTAINER_PORT);
    gates.ask("web arm 1 2 400");
    gates.ask("web select 1 2");
    Thread.sleep(800);
    List<Question> questions = observer.finish();
    GateSteps steps = gates.steps("web");
    assertThat(questions).noneMatch(steps.answeredTooLate());
    assertThat(questions)
        .filteredOn(question -> question.sentNanos() > steps.last().before())
        .anyMatch(Question::isAnswered);
  }

  @Test
  void aStandbyHearsWhereTheAddressIsNow() throws InterruptedException {
    // Addresses that this host does not have now.
    List<String> addresses = List.of("10.77.0.200", "fd77::200");
    GateProcess gates = host.gates();
    gates.ask("web open owned " + String.join(",", addresses) + " -");
    for (String address : addresses) {
      host.onServer(
          "ip neighbour replace %s lladdr 02:00:00:00:00:01 dev %s nud stale"
              .formatted(address, GateHost.INTERFACE));
    }
    Await.await(
        "the announcements are heard",
        () -> {
          host.announce("02:00:00:00:00:02", addresses);
          String neighbours = host.onServer("ip neighbour");
          return addresses.stream()
              .allMatch(
                  address ->
                      neighbours
                          .lines()
                          .anyMatch(
                              line ->
                                  line.startsWith(address + " ")
                                      && line.contains("02:00:00:00:00:02")));
        });
  }

  @Test
  void aClosedNodeDoesNotSayByItselfWhereTheAddressIs() throws InterruptedException {
    // The kernel asks after a neighbour in the name of the only address of that network.
    String alone = "10.79.0.100";
    String stale = "02:00:00:00:00:01";
    String locktime = "net.ipv4.neigh.%s.locktime".formatted(GateHost.INTERFACE);
    String locktimeBefore = host.onClient("sysctl -n " + locktime).strip();
    host.onServer("ip address add %s/24 dev %s".formatted(alone, GateHost.INTERFACE));
    host.onClient("ip address add 10.79.0.1/24 dev " + GateHost.INTERFACE);
    host.onClient("sysctl -q " + locktime + "=0");
    try {
      GateProcess gates = host.gates();
      gates.ask("web open owned " + alone + " -");
      String learn =
          "ip neighbour replace %s lladdr %s dev %s nud stale"
              .formatted(alone, stale, GateHost.INTERFACE);
      String ask =
          "ip neighbour replace 10.79.0.1 lladdr ff:ff:ff:ff:ff:ff dev %s nud probe"
              .formatted(GateHost.INTERFACE);
      host.onClient(learn);
      for (int times = 0; times < 5; times++) {
        host.onServer(ask);
        Thread.sleep(50);
      }
      assertThat(host.onClient("ip neighbour show " + alone)).contains(stale);
      openRound(gates, 1, 1);
      Await.await(
          "an open one does",
          () -> {
            host.onServer(ask);
            return !host.onClient("ip neighbour show " + alone).contains(stale);
          });
    } finally {
      host.onServer("ip address delete %s/24 dev %s".formatted(alone, GateHost.INTERFACE));
      host.onClient("ip address delete 10.79.0.1/24 dev " + GateHost.INTERFACE);
      host.onClient("sysctl -q " + locktime + "=" + locktimeBefore);
    }
  }
}
