package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Event;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.RoleOrder;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;
import org.hotspare.testing.Network;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long clients of a service address wait, by the clock of one of them. It prints figures; what
 * it holds them to is wide enough for a busy machine.
 */
@Tag("long")
final class TakeoverTimesTest {
  /** The default. */
  private static final Duration LEASE = Duration.ofSeconds(2);

  private static final Duration LIMIT = Duration.ofSeconds(90);

  @TempDir Path base;
  private @Nullable Site site;
  private String primary = "alpha";
  private String standby = "beta";

  @AfterEach
  void end() {
    if (site != null) {
      site.close();
    }
  }

  private Site start(String more, String... services) throws Exception {
    Site started = Site.withAddress(base, LEASE, more, services);
    site = started;
    return started;
  }

  private void swap() {
    String before = primary;
    primary = standby;
    standby = before;
  }

  private static long millis(String change) {
    return Long.parseLong(change.substring(0, change.indexOf(' ')));
  }

  private static double median(List<Long> values) {
    List<Long> sorted = values.stream().sorted().toList();
    return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2.0;
  }

  // ---- the machine dies

  /** Both keep an address on the same hosts, so that the same losses of power end both. */
  @Test
  void aLossOfPowerBesideKeepalived() throws Exception {
    Site hosts = start("", Site.answering(base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          try (Keepalived keepalived = new Keepalived(base, hosts)) {
            keepalived.start("alpha", 150);
            keepalived.client().awaitAnswer("alpha");
            keepalived.start("beta", 100);
            List<Long> ours = new ArrayList<>();
            List<Long> theirs = new ArrayList<>();
            for (int round = 0; round < Integer.getInteger("takeover.rounds", 5); round++) {
              trio.awaitPromotable(primary, standby);
              hosts.network().powerOff(primary);
              hosts.awaitAnswer(standby);
              keepalived.client().awaitAnswer(standby);
              ours.add(millis(hosts.changes().getLast()));
              theirs.add(millis(keepalived.client().changes().getLast()));
              reboot(hosts, primary);
              keepalived.start(primary, 100);
              swap();
            }
            System.out.printf(
                "TakeoverTimesTest: ms without an answer after a loss of power: hotspare %s,"
                    + " keepalived %s%n",
                ours, theirs);
            assertThat(median(ours)).isLessThan(median(theirs));
          }
        });
  }

  private static void reboot(Site hosts, String node) throws IOException {
    Network network = hosts.network();
    network.run(node, "nft", "flush", "ruleset");
    for (String address : List.of(Site.ADDRESS, Keepalived.ADDRESS)) {
      // It has either, or none.
      network.run(node, "ip", "address", "delete", address + "/24", "dev", "eth0");
    }
    network.plugIn(node);
    hosts.trio().agent(node).startIfEnded();
  }

  /** With its defaults, except that the address stays where it is. */
  private static final class Keepalived implements AutoCloseable {
    static final String ADDRESS = "10.77.0.200";
    private static final int PORT = 8081;

    private final Path base;
    private final Site hosts;
    private final List<Background> programs = new ArrayList<>();
    private final Client client;

    Keepalived(Path base, Site hosts) {
      this.base = base;
      this.hosts = hosts;
      this.client = hosts.client(PORT, List.of(ADDRESS));
    }

    void start(String node, int priority) throws IOException {
      Path configuration = base.resolve("keepalived-" + node);
      Files.writeString(
          configuration,
          """
          vrrp_instance site {
            state BACKUP
            interface eth0
            virtual_router_id 51
            priority %d
            nopreempt
            virtual_ipaddress { %s/24 dev eth0 }
          }
          """
              .formatted(priority, ADDRESS));
      programs.add(
          hosts.background(
              node,
              List.of(
                  "keepalived",
                  "--dont-fork",
                  "--log-console",
                  "--vrrp",
                  "--use-file=" + configuration,
                  "--pid=" + base.resolve(node + "-keepalived.pid"),
                  "--vrrp_pid=" + base.resolve(node + "-vrrp.pid"))));
      programs.add(hosts.background(node, Command.script("answer", PORT, node)));
    }

    Client client() {
      return client;
    }

    @Override
    public void close() {
      client.close();
      programs.reversed().forEach(Background::close);
    }
  }

  // ---- a real web server and a real client

  @Test
  void requestsToNginxThroughALossOfPower() throws Exception {
    int port = 8083;
    for (String node : Trio.DATA_NODES) {
      Files.writeString(
          base.resolve("nginx-%s.conf".formatted(node)),
          """
          user root;
          worker_processes 1;
          pid %1$s/nginx-%2$s.pid;
          error_log %1$s/nginx-%2$s.log;
          events {}
          http {
            access_log off;
            server { listen %3$d; root %1$s/%2$s/tree; }
          }
          """
              .formatted(base, node, port));
    }
    String nginx =
        "{start: 'nginx -c %1$s/nginx-$HOTSPARE_NODE.conf', stop: 'kill $(cat %1$s/nginx-$HOTSPARE_NODE.pid)'}"
            .formatted(base);
    Site hosts = start("", Site.answering(base), nginx);
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          Files.writeString(trio.tree(primary).resolve("index.html"), "<h1>Here</h1>");
          trio.barrier(primary);
          String page = "http://%s:%d/index.html".formatted(Site.ADDRESS, port);
          try (Background wrk =
              hosts.background(
                  Site.CLIENT,
                  List.of(
                      "wrk", "--threads", "1", "--connections", "10", "--duration", "20s", page))) {
            Thread.sleep(5000);
            hosts.network().powerOff(primary);
            hosts.awaitAnswer(standby);
            await("wrk ends", LIMIT, () -> wrk.output().contains("Transfer/sec"));
            System.out.printf(
                "TakeoverTimesTest: nginx: %s ms without an answer; %s%n",
                hosts.changes().getLast(), wrk.output());
            assertThat(wrk.output()).doesNotContain("Non-2xx");
          }
        });
  }

  // ---- the service dies

  @Test
  void aServiceThatDiesOnALiveHost() throws Exception {
    Site hosts =
        start(
            """
            checks:
              - {name: site, tcp: '127.0.0.1:%d', every: 500ms, timeout: 500ms, fall: 3}
            """
                .formatted(Site.port()),
            Site.answering(base));
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          Command.succeed(List.of("/bin/sh", "-c", "kill $(cat %s)".formatted(number(primary))));
          hosts.awaitAnswer(standby);
          Instant answered = Instant.now();
          List<Event> events = new ArrayList<>();
          trio.agent(primary).client().events(100, false, events::add);
          Event down =
              events.stream()
                  .filter(event -> event.text().contains("site"))
                  .reduce((_, last) -> last)
                  .orElseThrow();
          System.out.printf(
              "TakeoverTimesTest: a dead service: %s ms without an answer, about %d ms after the"
                  + " check was down%n",
              hosts.changes().getLast(), Duration.between(down.time(), answered).toMillis());
        });
  }

  private String number(String node) {
    return base.resolve("answer-%s.pid".formatted(node)).toString();
  }

  // ---- as planned

  @Test
  void aSwitchoverUnderAThousandWritesASecondLosesNone() throws Exception {
    int port = 8082;
    String file = "%s/$HOTSPARE_NODE/tree/numbers".formatted(base);
    Site hosts = start("", Site.answering(base), Site.service(base, "record", port, file));
    Trio trio = hosts.trio();
    List<Long> gaps = new ArrayList<>();
    List<Long> writes = new ArrayList<>();
    trio.watch(
        () -> {
          try (Client poll = hosts.poll();
              Background writer =
                  hosts.background(
                      Site.CLIENT, Command.script("write_numbers", Site.ADDRESS, port, 1000))) {
            for (int round = 0; round < Integer.getInteger("switchover.rounds", 3); round++) {
              long before = written(writer);
              await("writes", LIMIT, () -> written(writer) > before + 1000);
              poll.awaitAnswer(primary);
              trio.awaitPromotable(primary, standby);
              int told = writer.lines().size();
              // A node that was primary a moment ago is not asked at once.
              await("handed over", LIMIT, () -> isHandedOver(trio));
              long then = written(writer);
              await("writes go on", LIMIT, () -> written(writer) > then + 1000);
              poll.awaitAnswer(standby);
              gaps.add(millis(poll.changes().getLast()));
              writes.add(longestSince(writer, told));
              swap();
              assertNoneLost(trio.tree(primary).resolve("numbers"), written(writer));
            }
          }
        });
    System.out.printf(
        "TakeoverTimesTest: switchovers: ms without an answer %s, median %.0f; between two writes"
            + " that were acknowledged %s, median %.0f%n",
        gaps, median(gaps), writes, median(writes));
  }

  /** In milliseconds. */
  private static long longestSince(Background writer, int lines) {
    List<String> told = writer.lines();
    return told.subList(lines, told.size()).stream()
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
        .max()
        .orElseThrow();
  }

  private boolean isHandedOver(Trio trio) {
    try {
      RoleOrder order = new RoleOrder.Switchover(standby);
      return trio.agent(primary).client().changeRoles(order).outcome() == Outcome.DONE;
    } catch (CommandFailure e) {
      throw new AssertionError(e);
    }
  }

  private static long written(Background writer) {
    List<String> lines = writer.lines();
    return lines.isEmpty() ? 0 : millis(lines.getLast());
  }

  private static void assertNoneLost(Path numbers, long last) throws IOException {
    Set<Long> there = new HashSet<>();
    Files.readString(numbers).lines().forEach(line -> there.add(Long.parseLong(line)));
    for (long number = 1; number <= last; number++) {
      assertThat(there).as("what was acknowledged").contains(number);
    }
  }

  // ---- the agent stands still

  /** Around the time for which a lease is given, some a little shorter and some longer. */
  @Test
  void agentsThatStandStillAtAnyMoment() throws Exception {
    long seed = Long.getLong("freeze.seed", System.nanoTime());
    System.out.println("TakeoverTimesTest: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Site hosts = Site.gated(base, LEASE);
    site = hosts;
    Trio trio = hosts.trio();
    trio.watch(
        () -> {
          int changesBefore = hosts.answered().size();
          long epochBefore = trio.epochAt(primary);
          int times = Integer.getInteger("freeze.times", 40);
          for (int i = 0; i < times; i++) {
            trio.agent(primary).signal("STOP");
            Thread.sleep(random.nextInt(3 * (int) LEASE.toMillis() / 2));
            trio.agent(primary).signal("CONT");
            Thread.sleep(random.nextInt(500));
            primary = trio.awaitSettled();
            standby = Trio.other(primary);
            hosts.awaitAnswer(primary);
          }
          long epochs = trio.epochAt(primary) - epochBefore;
          int changes = hosts.answered().size() - changesBefore;
          System.out.printf(
              "TakeoverTimesTest: stopped %d times: %d times another answered, %d epochs%n",
              times, changes, epochs);
          // Two who answer would alternate more often than the primary changed.
          assertThat((long) changes).isLessThanOrEqualTo(epochs);
        });
  }
}
