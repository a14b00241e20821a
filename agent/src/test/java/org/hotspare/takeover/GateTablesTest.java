package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.GateHost.NODE4;
import static org.hotspare.takeover.GateHost.SERVICE4;

import java.nio.file.Path;
import java.util.List;
import org.hotspare.takeover.Observer.Question;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose the gate is: processes that die, and others who meddle. */
class GateTablesTest extends GateFixture {
  private static final String PLAIN = "web open plain " + BOTH + " -";

  @TempDir Path directory;

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
    String gated = "icmp=" + SERVICE4;
    String free = "icmp=" + NODE4;
    Observer observer = host.observe(0, gated, free);
    long before = System.nanoTime();
    assertThat(gates.ask("web reopen 40 owned " + BOTH + " 8080")).isEqualTo("done");
    long after = System.nanoTime();
    List<Question> questions = observer.finish();
    assertThat(questions)
        .filteredOn(question -> question.target().equals(gated))
        .noneMatch(Question::isAnswered);
    assertThat(questions)
        .filteredOn(question -> question.sentNanos() > before && question.receivedNanos() < after)
        .anyMatch(Question::isAnswered);
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
    assertThat(gates.ask(PLAIN)).isEqualTo("plain");
    assertClosed(EVERY_WAY);
    int epoch = 0;
    for (String meddling :
        List.of(
            "flush ruleset",
            "delete table inet hotspare-web",
            "delete table arp hotspare-web",
            "add table inet hotspare-web '{ flags dormant; }'",
            "add table arp hotspare-web '{ flags dormant; }'",
            "flush table inet hotspare-web",
            "flush chain inet hotspare-web prerouting",
            "flush chain inet hotspare-web gate",
            "flush chain arp hotspare-web output",
            "insert rule inet hotspare-web prerouting accept",
            "insert rule inet hotspare-web gate accept",
            "insert rule arp hotspare-web input accept")) {
      epoch++;
      loseAndMend(gates, epoch, meddling);
      assertThat(gates.logged()).as(meddling).hasSize(epoch);
      assertThat(gates.logged().getLast())
          .as(meddling)
          .containsPattern("the gate is made anew, closed: (somebody|.*ENOENT)");
    }
    // Where shutting it in place is enough, that has mended what there was to tell.
    loseAndMend(gates, epoch + 1, "add rule inet hotspare-web selected accept");
    loseAndMend(gates, epoch + 2, "add rule inet hotspare-web held accept");
    assertThat(gates.logged()).hasSize(epoch);
  }

  private static void loseAndMend(GateProcess gates, int epoch, String meddling)
      throws InterruptedException {
    openRound(gates, epoch, 1);
    assertThat(gates.ask("web lost")).as(meddling).isEqualTo("false");
    host.onServer("nft " + meddling);
    assertThat(gates.ask("web lost")).as(meddling).isEqualTo("true");
    assertThat(gates.ask("web shut")).as(meddling).isEqualTo("done");
    assertThat(gates.ask("web lost")).as(meddling).isEqualTo("false");
    assertClosed(EVERY_WAY);
  }

  @Test
  void whereNobodyOwnsItsTablesShuttingMendsAlsoWhatIsNotNoticed() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(PLAIN)).isEqualTo("plain");
    for (String family : List.of("inet", "arp")) {
      String chain = family + " hotspare-web gate";
      String drop = host.onServer("nft -a list chain " + chain + " | grep -w drop").strip();
      String handle = drop.substring(drop.lastIndexOf(' '));
      host.onServer("nft replace rule " + chain + " handle " + handle + " accept");
    }
    awaitAnswers("udp=" + SERVICE4);
    assertThat(gates.ask("web lost")).isEqualTo("false");
    assertThat(gates.ask("web shut")).isEqualTo("done");
    assertClosed(EVERY_WAY);
  }

  @Test
  void aRulesetThatWasRestoredIsNotTakenForTheGate() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(PLAIN)).isEqualTo("plain");
    Path saved = directory.resolve("saved");
    host.onServer(
        "sh -ec 'nft list ruleset >%1$s; nft flush ruleset; nft -f %1$s'".formatted(saved));
    // It looks the same, and would be closed, too; but of the rounds nothing is known.
    assertClosed(EVERY_WAY);
    assertThat(gates.ask("web lost")).isEqualTo("true");
    assertThat(gates.ask("web shut")).isEqualTo("done");
    assertThat(gates.ask("web lost")).isEqualTo("false");
    openRound(gates, 1, 1);
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask("web shut")).isEqualTo("done");
    assertClosed(EVERY_WAY);
  }

  @Test
  void afterAChangeThatFailedNothingIsDoneButShutting() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(PLAIN)).isEqualTo("plain");
    gates.ask("web arm 100 1 60000");
    host.onServer("nft flush ruleset");
    assertThat(gates.ask("web arm 100 2 60000"))
        .contains("add an element of set inet hotspare-web rounds")
        .contains("ENOENT");
    assertThat(gates.ask("web lost")).isEqualTo("true");
    for (String order : List.of("arm 100 3 60000", "select 100 1", "hold 100")) {
      assertThat(gates.ask("web " + order)).contains("GateLostException");
    }
    assertThat(gates.ask("web shut")).isEqualTo("done");
    openRound(gates, 101, 1);
    awaitAnswers(EVERY_WAY);
  }

  @Test
  void removedItIsGoneWhateverOthersTookBefore() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(PLAIN)).isEqualTo("plain");
    host.onServer("nft delete table arp hotspare-web");
    assertThat(gates.ask("web remove")).isEqualTo("done");
    assertThat(host.onServer("nft list ruleset")).isEmpty();
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask("web remove")).isEqualTo("done");
  }

  @Test
  void aKernelThatKnowsNoOwnersGetsTablesWithout() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask("web open foreign " + BOTH + " -")).isEqualTo("plain");
    assertThat(host.onServer("nft list table inet hotspare-web")).doesNotContain("flags owner");
    assertThat(gates.ask("web lost")).isEqualTo("false");
    assertClosed(EVERY_WAY);
    openRound(gates, 1, 1);
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask("web shut")).isEqualTo("done");
    assertClosed(EVERY_WAY);
  }

  @Test
  void whatMayPassIsNotTakenForALack() {
    // A hook has room for 1024 chains; others have taken all.
    host.onServer(
        "sh -c '(echo add table inet others; for i in $(seq 1024); do echo add chain inet others"
            + " c$i \\{ type filter hook prerouting priority 0\\; \\}; done) | nft -f -'");
    GateProcess gates = host.gates();
    assertThat(gates.ask(OPEN)).contains("E2BIG").doesNotContain("GateUnavailableException");
    host.onServer("nft delete table inet others");
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
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

  // ---- held

  @Test
  void aHeldGateStaysOpenWhateverBecomesOfItsProcess() throws InterruptedException {
    for (String how : List.of("owned", "plain")) {
      stayOpen(how);
      host.tidy();
    }
  }

  private static void stayOpen(String how) throws InterruptedException {
    String open = "web open %s " + BOTH + " -";
    GateProcess gates = host.newGates();
    assertThat(gates.ask(open.formatted(how))).isEqualTo(how);
    openRound(gates, 1, 1);
    awaitAnswers(EVERY_WAY);
    Observer observer = host.observe(10, MOVING);
    assertThat(gates.ask("web hold 1")).isEqualTo("done");
    assertThat(gates.ask("web lost")).isEqualTo("false");
    assertThat(host.onServer("nft list chain inet hotspare-web selected")).doesNotContain("accept");
    gates.kill();
    GateProcess next = host.gates();
    assertThat(next.ask(open.formatted(how + "-kept"))).isEqualTo(how + " held");
    assertThat(next.ask("web lost")).isEqualTo("false");
    // And again, then by rounds, which end it without a gap.
    assertThat(next.ask(open.formatted(how + "-kept"))).isEqualTo(how + " held");
    assertThat(next.ask("web hold 2")).isEqualTo("done");
    assertThat(next.ask("web arm 2 1 60000")).isEqualTo("done");
    assertThat(next.ask("web lost")).isEqualTo("false");
    assertThat(host.onServer("nft list chain inet hotspare-web held")).doesNotContain("accept");
    openRound(next, 2, 2);
    Thread.sleep(1_000);
    long finish = System.nanoTime();
    assertThat(observer.finish())
        .filteredOn(askedWellBefore(finish))
        .hasSizeGreaterThan(MOVING.length * 10)
        .allMatch(Question::isAnswered);
    assertThat(next.ask("web shut")).isEqualTo("done");
    assertClosed(EVERY_WAY);
  }

  @Test
  void whatEndsAHold() throws InterruptedException {
    GateProcess gates = opened();
    assertThat(gates.ask("web hold 1")).isEqualTo("done");
    assertThat(gates.ask("web shut")).isEqualTo("done");
    assertClosed(EVERY_WAY);
    assertThat(gates.ask("web hold 1")).contains("cannot hold epoch 1: it is over");
    // One that is not held is not opened by asking that it be kept.
    String kept = "web open owned-kept " + BOTH + " -";
    assertThat(gates.ask(kept)).isEqualTo("owned");
    assertClosed(EVERY_WAY);
    // A round, at its end, though it was never selected.
    assertThat(gates.ask("web hold 2")).isEqualTo("done");
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask("web arm 2 1 10")).isEqualTo("done");
    assertClosed(EVERY_WAY);
    // A round that was armed before, and has ended.
    assertThat(gates.ask("web arm 2 2 10")).isEqualTo("done");
    assertThat(gates.ask("web hold 2")).isEqualTo("done");
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask("web select 2 2")).isEqualTo("true");
    assertClosed(EVERY_WAY);
    // The next process, unless it is told to keep it.
    assertThat(gates.ask("web hold 2")).isEqualTo("done");
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    assertClosed(EVERY_WAY);
  }
}
