package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong on the node that takes over, or gives up, and on the network between. */
@Tag("long")
final class TakeoverTroubleTest {
  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final String PRIMARY = "alpha";
  private static final String STANDBY = "beta";
  private static final String WITNESS = "gamma";

  @TempDir Path base;
  private @Nullable Site site;

  @AfterEach
  void end() {
    if (site != null) {
      site.close();
    }
  }

  /** Alpha is primary, and beta may take over. */
  private Site start(String more, String... services) throws Exception {
    Site started = Site.withAddress(base, LEASE, more, services);
    site = started;
    return started;
  }

  /** Made beforehand: its name stands in the configuration. */
  private Path script(String name, String content) throws IOException {
    return Files.writeString(base.resolve(name), content);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitTold(Trio trio, String node, String text) throws InterruptedException {
    await(node + " tells: " + text, () -> trio.tells(node, text));
  }

  @Test
  void everythingOnThePrimaryIsKilled() throws Exception {
    Site hosts = start("", Site.answering(base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          Files.writeString(trio.tree(PRIMARY).resolve("confirmed"), "content");
          trio.barrier(PRIMARY);
          hosts.network().killAll(PRIMARY);
          hosts.awaitAnswer(STANDBY);
          assertThat(trio.tree(STANDBY).resolve("confirmed")).hasContent("content");
          trio.agent(PRIMARY).startIfEnded();
          trio.awaitPromotable(STANDBY, PRIMARY);
          trio.barrier(STANDBY);
          trio.assertSame();
          assertThat(hosts.answered()).containsExactly(PRIMARY, STANDBY);
        });
  }

  // ---- the node that takes over

  @Test
  void aStandbyIsKilledBetweenWinningTheEpochAndRaisingTheAddress() throws Exception {
    Path hooked = base.resolve("hooked");
    Path hook =
        script(
            "hook",
            """
            test $HOTSPARE_NODE-$HOTSPARE_ROLE = %s-primary || exit 0
            echo $HOTSPARE_EPOCH >>%s
            exec sleep 60
            """
                .formatted(STANDBY, hooked));
    Site hosts = start("hooks: {before: ['/bin/sh %s']}".formatted(hook), Site.answering(base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          Files.writeString(trio.tree(PRIMARY).resolve("confirmed"), "content");
          trio.barrier(PRIMARY);
          trio.agent(PRIMARY).kill();
          await("it won the epoch", () -> lines(hooked).size() == 1);
          trio.agent(STANDBY).kill();
          assertThat(hosts.hasAddress(STANDBY)).as("it has the address").isFalse();
          long won = Long.parseLong(lines(hooked).getFirst());
          assertThat(trio.epochAt(WITNESS)).as("the record's epoch").isEqualTo(won);
          trio.agent(STANDBY).start();
          hosts.awaitAnswer(STANDBY);
          assertThat(trio.epochAt(STANDBY)).isGreaterThan(won);
          assertThat(trio.tree(STANDBY).resolve("confirmed")).hasContent("content");
          trio.agent(PRIMARY).start();
          trio.awaitPromotable(STANDBY, PRIMARY);
          trio.barrier(STANDBY);
          trio.assertSame();
          assertThat(hosts.answered()).containsExactly(PRIMARY, STANDBY);
        });
  }

  @Test
  void hooksThatHangOrFailKeepTheAddressFromNobody() throws Exception {
    Site hosts =
        start(
            "hooks: {before: ['exit 7', 'sleep 600'], after: ['exit 8'], timeout: 5s}",
            Site.answering(base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          trio.agent(PRIMARY).kill();
          hosts.awaitAnswer(STANDBY);
          awaitTold(trio, STANDBY, "the hooks before the change take long: it goes on beside them");
          awaitTold(trio, STANDBY, "hook before \\\"exit 7\\\" failed: ");
          awaitTold(trio, STANDBY, "hook before \\\"sleep 600\\\" failed: ");
          awaitTold(trio, STANDBY, "hook after \\\"exit 8\\\" failed: ");
          assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(STANDBY);
          assertThat(hosts.answered()).containsExactly(PRIMARY, STANDBY);
        });
  }

  /** The former primary is the next candidate. */
  @Test
  void aServiceThatNeverStartsOnTheNewPrimaryGoesBack() throws Exception {
    Path starts = base.resolve("starts");
    Path start =
        script(
            "start",
            """
            echo $HOTSPARE_NODE >>%s
            test $HOTSPARE_NODE = %s || { echo it does not work here; exit 1; }
            %s </dev/null >/dev/null 2>&1 &
            echo $! >%s/pid
            """
                .formatted(
                    starts,
                    PRIMARY,
                    String.join(" ", Command.script("answer", Site.port(), PRIMARY)),
                    base));
    Site hosts =
        start("", "{start: '/bin/sh %s', stop: 'kill $(cat %s/pid)'}".formatted(start, base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          trio.agent(PRIMARY).kill();
          awaitTold(trio, STANDBY, "it does not work here");
          awaitTold(trio, STANDBY, "so it is not tried again for 5 min");
          Thread.sleep(3 * LEASE.toMillis());
          assertThat(trio.primaryOf(List.of(STANDBY))).isEmpty();
          assertThat(hosts.hasAddress(STANDBY)).as("it has the address").isFalse();
          trio.agent(PRIMARY).start();
          trio.awaitPrimary(PRIMARY);
          hosts.assertAnswersNow(PRIMARY);
          assertThat(lines(starts).stream().filter(STANDBY::equals)).as("attempts").hasSize(1);
          assertThat(hosts.answered()).containsExactly(PRIMARY);
        });
  }

  // ---- the node that gives up

  @Test
  void aServiceThatIgnoresToBeStoppedIsKilledAndHoldsUpNobody() throws Exception {
    Path start =
        script(
            "stubborn",
            """
            trap '' TERM
            %s </dev/null >/dev/null 2>&1 &
            echo $! >%s/stubborn-$HOTSPARE_NODE.pid
            """
                .formatted(
                    String.join(" ", Command.script("answer", Site.port(), "$HOTSPARE_NODE")),
                    base));
    Site hosts =
        start(
            "",
            "{start: '/bin/sh %s', stop: 'kill $(cat %s/stubborn-$HOTSPARE_NODE.pid)', timeout: 3s}"
                .formatted(start, base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          Files.writeString(trio.tree(PRIMARY).resolve("file"), "last");
          assertThat(trio.agent(PRIMARY).client().changeRoles(new RoleOrder.Switchover(STANDBY)))
              .matches(answer -> answer.outcome() == Outcome.DONE);
          hosts.awaitAnswer(STANDBY);
          assertThat(trio.agent(PRIMARY).logSinceStart()).contains("stubborn\": killed; ");
          assertThat(trio.tree(STANDBY).resolve("file")).hasContent("last");
          assertThat(hosts.answered()).containsExactly(PRIMARY, STANDBY);
        });
  }

  // ---- the network

  /** The client finds out by itself, since nobody answers any more where it thought it was. */
  @Test
  void announcementsThatAreLostDelayClientsAndNothingElse() throws Exception {
    Site hosts = start("", Site.answering(base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          for (String command :
              List.of(
                  "add table arp deaf",
                  "add chain arp deaf input { type filter hook input priority 0; }",
                  "add rule arp deaf input arp saddr ip %1$s arp daddr ip %1$s counter drop"
                      .formatted(Site.ADDRESS))) {
            Command.Result result = hosts.network().run(Site.CLIENT, "nft", command);
            assertThat(result.status()).as(result.output()).isZero();
          }
          trio.agent(PRIMARY).signal("STOP");
          hosts.awaitAnswer(STANDBY);
          System.out.printf(
              "TakeoverTroubleTest: %s ms without an answer where no announcement is heard%n",
              hosts.changes().getLast());
          assertThat(hosts.network().run(Site.CLIENT, "nft", "list table arp deaf").output())
              .as("announcements were lost")
              .doesNotContain("packets 0");
          trio.agent(PRIMARY).signal("CONT");
          trio.awaitPromotable(STANDBY, PRIMARY);
          Thread.sleep(LEASE.toMillis());
          assertThat(hosts.answered()).containsExactly(PRIMARY, STANDBY);
        });
  }

  /** It says nothing by itself, as a machine that has had the address for long. */
  @Test
  void aStrangerWhoHasTheAddressIsFoundAndOutdone() throws Exception {
    Site hosts = start("", Site.answering(base));
    Trio trio = hosts.trio();
    String claim =
        "another machine, %s, claims %s while this node is primary"
            .formatted(hosts.network().hardware(WITNESS), Site.ADDRESS);
    trio.watch(
        () -> {
          hosts.network().run(WITNESS, "ip", "address", "add", Site.ADDRESS + "/32", "dev", "eth0");
          trio.agent(PRIMARY).kill();
          awaitTold(trio, STANDBY, claim);
          hosts.awaitAnswer(STANDBY);
          assertThat(trio.primaryOf(Trio.DATA_NODES)).isEqualTo(STANDBY);
          assertThat(hosts.answered()).containsExactly(PRIMARY, STANDBY);
        });
  }
}
