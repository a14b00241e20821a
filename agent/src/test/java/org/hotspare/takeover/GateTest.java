package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.GateHost.NODE4;
import static org.hotspare.takeover.GateHost.NODE6;
import static org.hotspare.takeover.GateHost.OTHER_SERVICE4;
import static org.hotspare.takeover.GateHost.SERVICE4;
import static org.hotspare.takeover.GateHost.SERVICE6;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hotspare.takeover.Observer.Question;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The gate between real network namespaces, seen by a client who asks without pause. */
class GateTest {
  private static final String[] EVERY_WAY = {
    "icmp=" + SERVICE4,
    "icmp=" + SERVICE6,
    "udp=" + SERVICE4,
    "udp=" + SERVICE6,
    "connect=" + SERVICE4,
    "connect=" + SERVICE6,
  };

  /** What goes on without pause, also on connections that were made while it was open. */
  private static final String[] MOVING = {
    "icmp=" + SERVICE4,
    "icmp=" + SERVICE6,
    "tcp=" + SERVICE4,
    "tcp=" + SERVICE6,
    "push=" + SERVICE4,
    "push=" + SERVICE6,
  };

  private static final String BOTH = SERVICE4 + "," + SERVICE6;
  private static final String OPEN = "web open owned " + BOTH + " -";

  private static GateHost host;

  @BeforeAll
  static void build() {
    host = new GateHost();
  }

  @AfterAll
  static void remove() {
    host.close();
  }

  @AfterEach
  void tidy() {
    host.tidy();
  }

  // ---- closed and open

  @Test
  void isClosedUntilARoundIsSelected() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    gates.ask("web arm 1 1 60000");
    host.forgetNeighbours();
    assertThat(watch(300, host.observe(10, EVERY_WAY)))
        .isNotEmpty()
        .noneMatch(Question::isAnswered);
    // The client was not told where the service is, nor the host asked so as to learn of the
    // client.
    assertThat(host.onClient("ip neighbour"))
        .doesNotContainPattern("(?m)^(" + SERVICE4 + "|" + SERVICE6 + ") .*lladdr");
    assertThat(host.onServer("ip neighbour"))
        .doesNotContainPattern("(?m)^(" + GateHost.CLIENT4 + "|" + GateHost.CLIENT6 + ") .*lladdr");
    List<Question> local = watch(200, host.observeLocally(10, EVERY_WAY));
    List<Question> node = watch(200, host.observe(10, "icmp=" + NODE4, "icmp=" + NODE6));
    assertThat(host.onClient("ip neighbour"))
        .containsPattern(NODE4 + " .*lladdr")
        .containsPattern(NODE6 + " .*lladdr");
    // What is not the service's passes, and so does what stays within the host.
    assertThat(node).isNotEmpty().allMatch(Question::isAnswered);
    assertThat(local).isNotEmpty().allMatch(Question::isAnswered);
    assertThat(gates.ask("web select 1 1")).isEqualTo("true");
    awaitAnswers(EVERY_WAY);
    gates.ask("web shut");
    assertClosed(EVERY_WAY);
  }

  @Test
  void renewalsKeepItOpenWithoutALostPacketAndAFrozenProcessClosesIt() throws InterruptedException {
    GateProcess gates = opened(host.newGates());
    try (Observer observer = host.observe(10, MOVING)) {
      gates.begin("web renew 1 1000 200");
      Thread.sleep(2_500);
      gates.pause();
      Thread.sleep(1_000 + 200);
      List<Question> questions = observer.finish();
      gates.kill();
      GateSteps steps = gates.steps("web");
      long margin = TimeUnit.MILLISECONDS.toNanos(100);
      assertThat(questions).noneMatch(steps.answeredTooLate());
      assertThat(questions)
          .filteredOn(question -> question.sentNanos() < steps.last().endsAfterNanos() - margin)
          .hasSizeGreaterThan(MOVING.length * 100)
          .allMatch(Question::isAnswered);
    }
  }

  @Test
  void aRoundEndsWhenItsTimeIsOverNeitherLateNorEarly() throws InterruptedException {
    GateProcess gates = opened();
    Observer observer = host.observe(2, "icmp=" + SERVICE4, "icmp=" + SERVICE6);
    for (int round = 2; round <= 6; round++) {
      gates.ask("web arm 1 " + round + " 200");
      gates.ask("web select 1 " + round);
      Thread.sleep(250);
    }
    List<Question> questions = observer.finish();
    GateSteps steps = gates.steps("web");
    assertThat(questions).noneMatch(steps.answeredTooLate());
    long[] earlyMillis = steps.armed().skip(1).mapToLong(arm -> early(arm, questions)).toArray();
    System.out.println("rounds of 200 ms ended early by ms: " + Arrays.toString(earlyMillis));
    assertThat(earlyMillis).hasSize(5);
    // A busy machine asks late, but not each time.
    assertThat(Arrays.stream(earlyMillis).min().orElseThrow()).isLessThan(20);
  }

  private static long early(GateSteps.Step arm, List<Question> questions) {
    long last =
        questions.stream()
            .filter(Question::isAnswered)
            .mapToLong(Question::sentNanos)
            .filter(sent -> sent <= arm.endsBeforeNanos())
            .max()
            .orElseThrow();
    return TimeUnit.NANOSECONDS.toMillis(arm.endsAfterNanos() - last);
  }

  @Test
  void aLateSelectOpensNothing() throws InterruptedException {
    GateProcess gates = opened();
    Observer observer = host.observe(5, MOVING);
    gates.ask("web arm 1 2 300");
    gates.ask("web select 1 2");
    gates.ask("web arm 1 3 300");
    gates.pause();
    gates.begin("web select 1 3");
    Thread.sleep(400);
    gates.goOn();
    assertThat(gates.answer()).isEqualTo("true");
    // Again, older, never armed, of another epoch, and shut.
    assertThat(gates.ask("web select 1 3")).isEqualTo("false");
    assertThat(gates.ask("web select 1 2")).isEqualTo("false");
    assertThat(gates.ask("web select 1 4")).isEqualTo("false");
    assertThat(gates.ask("web select 2 3")).isEqualTo("false");
    gates.ask("web arm 1 4 60000");
    gates.ask("web shut");
    assertThat(gates.ask("web select 1 4")).isEqualTo("false");
    assertThat(gates.ask("web arm 1 5 60000")).contains("cannot arm round 5 of epoch 1");
    assertThat(gates.ask("web arm 2 1 60000")).isEqualTo("done");
    assertThat(gates.ask("web arm 2 1 60000")).contains("cannot arm round 1 of epoch 2");
    assertThat(gates.ask("web arm 2 2 0")).contains("for 0 ns");
    assertThat(gates.ask("web select 1 4")).isEqualTo("false");
    Thread.sleep(200);
    assertThat(observer.finish()).isNotEmpty().noneMatch(gates.steps("web").answeredTooLate());
    assertClosed(EVERY_WAY);
    assertThat(gates.ask("web select 2 1")).isEqualTo("true");
    awaitAnswers(EVERY_WAY);
    // The first round of another epoch does not wait for the word that the one before is over.
    gates.ask("web arm 3 1 60000");
    assertClosed(EVERY_WAY);
  }

  @Test
  void atRandomMomentsItIsNeverOpenForLongerThanTheNewestRound() throws InterruptedException {
    randomMoments(200);
  }

  @Test
  @Tag("long")
  void atManyRandomMomentsItIsNeverOpenForLongerThanTheNewestRound() throws InterruptedException {
    randomMoments(6_000);
  }

  private static void randomMoments(int moments) throws InterruptedException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    GateProcess gates = opened();
    Observer observer = host.observe(2, "icmp=" + SERVICE4, "icmp=" + SERVICE6);
    assertThat(gates.ask("web random 1 60 %d %d".formatted(moments, seed))).isEqualTo("done");
    GateSteps steps = gates.steps("web");
    long roundsBegin = steps.selected().skip(1).findFirst().orElseThrow().after();
    assertThat(observer.finish())
        .as("seed %d", seed)
        .noneMatch(steps.answeredTooLate())
        .anyMatch(question -> !question.isAnswered())
        .anyMatch(question -> question.isAnswered() && question.sentNanos() > roundsBegin);
  }

  // ---- processes that die, and others who meddle

  @Test
  void aKilledProcessClosesItAndTheNextOneTakesItOver() throws InterruptedException {
    GateProcess gates = opened(host.newGates());
    GateProcess another = host.newGates();
    assertThat(another.ask(OPEN))
        .contains("\"inet hotspare-web\" belongs to another process")
        .contains("GateUnavailableException");
    Observer observer = host.observe(10, MOVING);
    gates.begin("web renew 1 400 50");
    Thread.sleep(400);
    gates.kill();
    Thread.sleep(500);
    assertThat(observer.finish()).isNotEmpty().noneMatch(gates.steps("web").answeredTooLate());
    assertThat(host.onServer("nft list tables"))
        .contains("table inet hotspare-web", "table arp hotspare-web");
    assertThat(another.ask(OPEN)).isEqualTo("owned");
    assertClosed(EVERY_WAY);
    assertThat(another.ask("web arm 2 1 60000")).isEqualTo("done");
    assertThat(another.ask("web select 2 1")).isEqualTo("true");
    awaitAnswers(EVERY_WAY);
    // Its successor does not know how long that round is valid, and shuts it.
    another.kill();
    GateProcess third = host.gates();
    assertThat(third.ask(OPEN)).isEqualTo("owned");
    assertClosed(EVERY_WAY);
    assertThat(host.onServer("nft list table inet hotspare-web")).doesNotContain("expires");
  }

  @Test
  void noPacketPassesWhileItIsTakenOver() throws InterruptedException {
    GateProcess gates = host.gates();
    gates.ask(OPEN);
    host.rememberNeighbours();
    Observer observer = host.observe(0, "icmp=" + SERVICE4);
    assertThat(gates.ask("web reopen 40 owned " + BOTH + " 8080")).isEqualTo("done");
    assertThat(observer.finish()).isNotEmpty().noneMatch(Question::isAnswered);
  }

  @Test
  void tablesOfAnotherKindAreReplaced() throws InterruptedException {
    host.onServer("nft add table inet hotspare-web");
    host.onServer(
        "nft 'add chain inet hotspare-web prerouting { type filter hook input priority 0; }'");
    host.onServer("nft 'add set inet hotspare-web rounds { type mark; }'");
    GateProcess gates = host.gates();
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    assertClosed(EVERY_WAY);
  }

  @Test
  void whoFlushesTheRulesetDoesNotOpenIt() throws InterruptedException {
    GateProcess gates = host.gates();
    gates.ask(OPEN);
    host.onServer("nft flush ruleset");
    assertThat(gates.ask("web lost")).isEqualTo("false");
    assertClosed(EVERY_WAY);
    assertThat(host.onServer("sh -c 'nft delete table inet hotspare-web; echo $?'"))
        .contains("Operation not permitted");
  }

  @Test
  void whereNobodyOwnsItsTablesALossIsToldAndMended() throws InterruptedException {
    GateProcess gates = host.gates();
    String open = "web open plain " + BOTH + " -";
    assertThat(gates.ask(open)).isEqualTo("plain");
    assertClosed(EVERY_WAY);
    long epoch = 0;
    for (String meddling :
        List.of(
            "flush ruleset",
            "delete table inet hotspare-web",
            "delete table arp hotspare-web",
            "flush table inet hotspare-web",
            "flush chain inet hotspare-web prerouting",
            "flush chain arp hotspare-web output")) {
      epoch++;
      assertThat(gates.ask("web arm " + epoch + " 1 60000")).isEqualTo("done");
      assertThat(gates.ask("web select " + epoch + " 1")).isEqualTo("true");
      assertThat(gates.ask("web lost")).as(meddling).isEqualTo("false");
      host.onServer("nft " + meddling);
      assertThat(gates.ask("web lost")).as(meddling).isEqualTo("true");
      assertThat(gates.ask("web shut")).as(meddling).isEqualTo("done");
      assertThat(gates.ask("web lost")).as(meddling).isEqualTo("false");
    }
    assertClosed(EVERY_WAY);
    gates.ask("web arm 100 1 60000");
    host.onServer("nft flush ruleset");
    assertThat(gates.ask("web arm 100 2 60000"))
        .contains("add an element of set inet hotspare-web rounds")
        .contains("ENOENT");
    assertThat(gates.ask("web lost")).isEqualTo("true");
    assertThat(gates.ask(open)).isEqualTo("plain");
    assertThat(gates.ask("web remove")).isEqualTo("done");
    assertThat(host.onServer("nft list ruleset")).isEmpty();
    awaitAnswers(EVERY_WAY);
  }

  @Test
  void withoutThePrivilegeItIsRefusedWithWhatIsMissing() {
    for (String[] lessened :
        List.of(
            new String[] {"setpriv", "--bounding-set", "-net_admin"},
            new String[] {"unshare", "--user", "--map-root-user"})) {
      assertThat(host.newGates(lessened).ask(OPEN))
          .contains("GateUnavailableException")
          .contains("needs root, or the capability CAP_NET_ADMIN");
    }
  }

  // ---- what it gates

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
    assertThat(watch(100, host.observeLocally(10, gated)))
        .isNotEmpty()
        .allMatch(Question::isAnswered);
    gates.ask("web arm 1 1 60000");
    gates.ask("web select 1 1");
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
    gates.ask("web arm 5 1 60000");
    gates.ask("web select 5 1");
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
    host.onServer("ip address add %s/24 dev %s".formatted(alone, GateHost.INTERFACE));
    host.onClient("ip address add 10.79.0.1/24 dev " + GateHost.INTERFACE);
    host.onClient("sysctl -q net.ipv4.neigh.%s.locktime=0".formatted(GateHost.INTERFACE));
    GateProcess gates = host.gates();
    gates.ask("web open owned " + alone + " -");
    String learn =
        "ip neighbour replace %s lladdr %s dev %s nud stale"
            .formatted(alone, stale, GateHost.INTERFACE);
    String ask =
        "ip neighbour replace 10.79.0.1 lladdr ff:ff:ff:ff:ff:ff dev %s nud probe"
            .formatted(GateHost.INTERFACE);
    host.onClient(learn);
    host.onServer(ask);
    Thread.sleep(200);
    assertThat(host.onClient("ip neighbour show " + alone)).contains(stale);
    gates.ask("web arm 1 1 60000");
    gates.ask("web select 1 1");
    Await.await(
        "an open one does",
        () -> {
          host.onServer(ask);
          return !host.onClient("ip neighbour show " + alone).contains(stale);
        });
  }

  // ---- how it is asked

  /** A process whose gate is open for a minute by round 1 of epoch 1. */
  private static GateProcess opened() throws InterruptedException {
    return opened(host.gates());
  }

  private static GateProcess opened(GateProcess gates) throws InterruptedException {
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    gates.ask("web arm 1 1 60000");
    gates.ask("web select 1 1");
    awaitAnswers(EVERY_WAY);
    return gates;
  }

  private static List<Question> watch(long millis, Observer observer) throws InterruptedException {
    try (observer) {
      Thread.sleep(millis);
      return observer.finish();
    }
  }

  /** Also to one who knows where the addresses are. */
  private static void assertClosed(String... targets) throws InterruptedException {
    host.rememberNeighbours();
    assertThat(watch(150, host.observe(10, targets))).isNotEmpty().noneMatch(Question::isAnswered);
  }

  /** Waits until each is answered. */
  private static void awaitAnswers(String... targets) throws InterruptedException {
    host.forgetNeighbours();
    List<String> silent = new ArrayList<>(List.of(targets));
    long deadline = System.nanoTime() + Await.LIMIT.toNanos();
    while (!silent.isEmpty()) {
      assertThat(System.nanoTime()).as("waiting for %s", silent).isLessThan(deadline);
      watch(50, host.observe(10, silent.toArray(String[]::new))).stream()
          .filter(Question::isAnswered)
          .forEach(question -> silent.remove(question.target()));
    }
  }
}
