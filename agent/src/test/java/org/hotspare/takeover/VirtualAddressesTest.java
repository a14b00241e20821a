package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.AddressNetwork.INTERFACE;
import static org.hotspare.takeover.AddressNetwork.SERVICE4;
import static org.hotspare.takeover.AddressNetwork.SERVICE6;
import static org.hotspare.takeover.AddressNetwork.SERVICES;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hotspare.takeover.AddressNetwork.Machine;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Service addresses on real interfaces, seen by a client at the same bridge. */
class VirtualAddressesTest {
  @RegisterExtension static final AddressNetwork network = new AddressNetwork();

  // ---- raised, extended, lowered

  @Test
  void areRaisedForALifetimeAndLowered() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
    assertThat(alpha.ask("left")).isEqualTo("-1");
    assertThat(alpha.ask("raise 60000")).isEqualTo("done");
    String listed = network.ip(Machine.ALPHA, "-d address show dev " + INTERFACE);
    assertThat(listed)
        .containsPattern(SERVICE4 + "/24[^\n]*\n *valid_lft (60|61)sec")
        .containsPattern(SERVICE6 + "/64[^\n]*\n *valid_lft (60|61)sec")
        .doesNotContainPattern("(" + SERVICE4 + "|" + SERVICE6 + ")/.*tentative");
    network.awaitAnswers();
    assertThat(Long.parseLong(alpha.ask("left"))).isBetween(40_000L, 61_000L);
    // Once more changes nothing, and with another lifetime only that.
    assertThat(alpha.ask("raise 100000")).isEqualTo("done");
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .containsPattern(SERVICE4 + "/24[^\n]*\n *valid_lft (100|101)sec");
    assertThat(alpha.ask("lower")).isEqualTo("done");
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
    assertThat(alpha.ask("states")).contains("present=false");
    assertThat(alpha.ask("lower")).isEqualTo("done");
    assertThat(alpha.reports()).noneMatch(report -> report.contains("put back"));
  }

  @Test
  void stayWhileTheyAreExtendedAndGoByThemselvesAfterAKill() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 2600");
    alpha.begin("keep 2600 200");
    // Longer than the kernel keeps what is not extended: 3 s, and up to 1 s until it looks.
    Thread.sleep(4_200);
    assertThat(alpha.ask("states")).isEqualTo("done");
    assertThat(alpha.answer()).contains("removed=0").doesNotContain("removed=1");
    alpha.begin("keep 2600 200");
    alpha.kill();
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .containsPattern(SERVICE4 + "/24[^\n]*\n *valid_lft [0-3]sec")
        .containsPattern(SERVICE6 + "/64[^\n]*\n *valid_lft [0-3]sec");
    Await.await("they are gone", () -> network.hasNone(Machine.ALPHA));
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - alpha.extendedNanos());
    System.out.println("with a lease of 2600 ms, gone " + millis + " ms after the last extension");
    assertThat(millis).isGreaterThanOrEqualTo(2_600);
  }

  @Test
  void aFreezeWhileTheyAreExtendedDoesNotKeepThemForGood() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    // On a busy machine that may be over before they are there.
    Await.await("raised", () -> alpha.ask("raise 100").equals("done"));
    // It stands still between its question and the kernel, for longer than it was to extend, and
    // is killed before it asks again.
    alpha.ask("answers after2100 never");
    assertThat(alpha.freeze(1000)).isEqualTo("never");
    alpha.kill();
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .doesNotContainPattern(SERVICE4 + "/24[^\n]*\n *valid_lft forever")
        .doesNotContainPattern(SERVICE4 + "/24[^\n]*\n *valid_lft [0-9]{2}");
  }

  @Test
  void areHeldAfterAKillUntilTheNextOneExtendsThem() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 2000");
    assertThat(alpha.ask("hold")).isEqualTo("done");
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .containsPattern(SERVICE4 + "/24[^\n]*\n *valid_lft forever")
        .containsPattern(SERVICE6 + "/64[^\n]*\n *valid_lft forever");
    alpha.kill();
    AddressProcess next = network.node(Machine.ALPHA);
    assertThat(next.ask("states")).contains("permanent=true").doesNotContain("permanent=false");
    assertThat(next.ask("raise 60000")).isEqualTo("done");
    assertThat(next.ask("states")).contains("permanent=false").doesNotContain("permanent=true");
    // They were its own.
    assertThat(next.reports()).noneMatch(report -> report.contains("already"));
    next.ask("hold");
    // The lease's thread goes on, and what is held stays so.
    next.ask("extend 60000");
    assertThat(next.ask("hold")).isEqualTo("done");
    assertThat(next.ask("states")).contains("permanent=true").doesNotContain("permanent=false");
    next.ask("release 60000");
    Await.await("finite again", () -> !next.ask("states").contains("permanent=true"));
  }

  @Test
  void closingEndsAtOnceAndLeavesThemToRunOut() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 60000");
    alpha.ask("announce");
    assertThat(Long.parseLong(alpha.ask("close"))).isLessThan(2_000);
    assertThat(network.has(Machine.ALPHA)).isTrue();
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .doesNotContainPattern("(" + SERVICE4 + "|" + SERVICE6 + ")/[^\n]*\n *valid_lft forever");
  }

  // ---- what others do

  @Test
  void arePutBackWhenSomebodyTakesThemAway() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 60000");
    alpha.ask("announce");
    for (String address : SERVICES) {
      long gone = System.nanoTime();
      network.ip(Machine.ALPHA, "address delete %s dev %s".formatted(address, INTERFACE));
      Await.await("it is back", () -> network.has(Machine.ALPHA));
      System.out.println("back after ms: " + (System.nanoTime() - gone) / 1_000_000);
    }
    assertThat(alpha.ask("states")).doesNotContain("present=false", "permanent=true");
    for (String address : List.of(SERVICE4, "fd77:0:0:0:0:0:0:100")) {
      String report = address + "/[0-9]+ was gone from eth0 .* and was put back";
      Await.await(
          "it is told",
          () -> {
            alpha.ask("states");
            return alpha.reports().stream().anyMatch(each -> each.matches(report));
          });
    }
    // Also what a renewal has put back, before anybody looked.
    alpha.ask("answers after500");
    alpha.ask("extend 80000");
    network.ip(Machine.ALPHA, "address delete %s/24 dev %s".formatted(SERVICE4, INTERFACE));
    Await.await(
        "it is told", () -> alpha.ask("states").startsWith(SERVICE4) && alpha.sum("removed") == 3);
    assertThat(network.has(Machine.ALPHA)).isTrue();
    assertThat(alpha.ask("states")).doesNotContain("removed=0");
  }

  @Test
  void comeBackWithTheirInterface() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 60000");
    alpha.ask("announce");
    network.ip(Machine.ALPHA, "link set eth0 down");
    Await.await("it is told", () -> alpha.ask("problem").contains("eth0 is down"));
    network.ip(Machine.ALPHA, "link set eth0 up");
    Await.await("they are back", () -> network.has(Machine.ALPHA));
    network.awaitAnswers();
    network.ip(Machine.ALPHA, "link delete eth0");
    Await.await("it is told", () -> alpha.ask("problem").contains("eth0 is not there"));
    assertThat(alpha.ask("left")).isEqualTo("-1");
    // What cannot be opened yet is opened later.
    alpha.limitFiles("3:");
    network.plug(Machine.ALPHA);
    Await.await("they are back", () -> network.has(Machine.ALPHA));
    Await.await("it is told", () -> alpha.ask("problem").contains("EMFILE"));
    network.believe(Machine.BETA);
    alpha.limitFiles("1000:");
    Await.await("they are announced", () -> network.believed(Machine.ALPHA.hardware()));
    Await.await("nothing is wrong", () -> alpha.ask("problem").isEmpty());
    network.ip(Machine.ALPHA, "link set eth0 down");
    network.ip(Machine.ALPHA, "link set eth0 name other");
    Await.await("it is told", () -> alpha.ask("problem").contains("eth0 is not there"));
    alpha.ask("lower");
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
  }

  @Test
  void theMachinesOwnAddressesAndRoutesStayWhenTheyGo() throws InterruptedException {
    List<String> services = List.of("10.88.0.100/24", "fd88::100/64", "fd89::100/64");
    String setting = "net.ipv4.conf.%s.promote_secondaries=0 ";
    network.on(
        Machine.ALPHA, "sysctl -q " + setting.formatted("all") + setting.formatted("default"));
    AddressProcess alpha = network.node(Machine.ALPHA, INTERFACE, services);
    alpha.ask("raise 60000");
    // The interface has forgotten its settings, and its own addresses come last.
    network.ip(Machine.ALPHA, "link delete eth0");
    network.plug(Machine.ALPHA);
    String addresses = "address show dev eth0";
    Await.await(
        "they are back",
        () -> network.ip(Machine.ALPHA, addresses).split("(0|:):100/", -1).length == 3);
    assertThat(network.ip(Machine.ALPHA, "-6 route get fd88::1")).contains("dev eth0");
    network.ip(Machine.ALPHA, "address add 10.88.0.2/24 dev eth0");
    // As from a router that is heard now and then.
    network.ip(
        Machine.ALPHA, "address add fd88::2/64 dev eth0 valid_lft 1000 preferred_lft 1000 nodad");
    network.ip(Machine.ALPHA, "address add fd89::2/64 dev eth0 nodad");
    // There is no route while the service's address is put behind the machine's own.
    Await.await(
        "the machine's own connections come from its own address",
        () -> network.ip(Machine.ALPHA, "route get 10.88.0.1 || true").contains("src 10.88.0.2"));
    assertThat(network.ip(Machine.ALPHA, "-6 route get fd88::1")).contains("src fd88::2");
    assertThat(alpha.ask("hold")).isEqualTo("done");
    alpha.ask("release 90000");
    Await.await("finite again", () -> !alpha.ask("states").contains("permanent=true"));
    assertThat(alpha.ask("lower")).isEqualTo("done");
    assertThat(network.ip(Machine.ALPHA, addresses))
        .contains("10.88.0.2/24", "fd88::2/64", "fd89::2/64")
        .doesNotContain(".100/", "::100/");
    assertThat(network.ip(Machine.ALPHA, "-6 route show fd88::/64"))
        .containsPattern("expires (9[0-9]{2}|1000)sec")
        .hasLineCount(1);
    assertThat(network.ip(Machine.ALPHA, "-6 route show fd89::/64"))
        .doesNotContain("expires")
        .hasLineCount(1);
    assertThat(alpha.reports()).filteredOn(report -> report.contains("10.88.")).hasSize(1);
  }

  // ---- what the kernel refuses

  @Test
  void whatCannotBeTakenAwayIsTriedAgain() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 60000");
    // The lease ends while one is renewed.
    alpha.ask("refuse remove " + SERVICE4);
    alpha.ask("held false");
    alpha.ask("answers yes");
    alpha.ask("extend 120000");
    Await.await("it is told", () -> alpha.ask("problem").contains("ENODEV"));
    assertThat(network.ip(Machine.ALPHA, "address show")).contains(SERVICE4 + "/");
    alpha.ask("allow");
    Await.await(
        "it is gone", () -> !network.ip(Machine.ALPHA, "address show").contains(SERVICE4 + "/"));
    alpha.ask("held true");
    alpha.ask("extend 120000");
    Await.await("they are back", () -> network.has(Machine.ALPHA));
    alpha.ask("refuse remove " + SERVICE4);
    assertThat(alpha.ask("lower")).contains("ENODEV");
    assertThat(network.ip(Machine.ALPHA, "address show"))
        .contains(SERVICE4 + "/")
        .doesNotContain(SERVICE6 + "/");
    assertThat(alpha.ask("problem")).contains("cannot be taken away");
    alpha.ask("allow");
    Await.await("they are gone", () -> network.hasNone(Machine.ALPHA));
    Await.await("nothing is wrong", () -> alpha.ask("problem").isEmpty());
  }

  @Test
  void unlessAllCanBeHeldNoneIs() {
    AddressProcess alpha = network.node(Machine.ALPHA);
    assertThat(alpha.ask("hold")).contains("AddressUnavailableException");
    assertThat(alpha.ask("announce")).contains("AddressUnavailableException", "not raised");
    alpha.ask("raise 60000");
    alpha.ask("refuse hold " + SERVICE6);
    assertThat(alpha.ask("hold")).contains("AddressUnavailableException", "ENODEV");
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .containsPattern(SERVICE4 + "/24[^\n]*\n *valid_lft [0-9]+sec")
        .containsPattern(SERVICE6 + "/64[^\n]*\n *valid_lft [0-9]+sec");
    // Also where the lease is over meanwhile.
    alpha.ask("held false");
    alpha.ask("answers yes yes yes yes");
    assertThat(alpha.ask("hold")).contains("AddressUnavailableException");
    assertThat(network.ip(Machine.ALPHA, "address show dev " + INTERFACE))
        .doesNotContainPattern(SERVICE4 + "/24[^\n]*\n *valid_lft forever");
  }

  @Test
  void ordersDoNotForgetWhatCameLater() throws InterruptedException {
    AddressProcess alpha = network.node(Machine.ALPHA);
    alpha.ask("raise 60000");
    // Busy, when both are ordered.
    alpha.ask("answers after700");
    alpha.ask("extend 80000");
    assertThat(alpha.ask("race 300 90000")).isEqualTo("done");
    Await.await("it is extended", () -> Long.parseLong(alpha.ask("left")) > 80_000);
    alpha.ask("answers after700");
    alpha.ask("extend 100000");
    // As many as wait are accepted; one makes room.
    assertThat(alpha.ask("flood 100"))
        .matches("done although [1-9][0-9]? were refused, and 1 cancelled");
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
  }

  // ---- before they are raised

  @Test
  void areTakenOverFromWhoConfiguredThemForGood() {
    network.ip(Machine.ALPHA, "address add %s/24 dev eth0".formatted(SERVICE4));
    network.ip(Machine.ALPHA, "address add %s/128 dev eth0 nodad".formatted(SERVICE6));
    AddressProcess alpha = network.node(Machine.ALPHA);
    assertThat(alpha.ask("raise 60000")).isEqualTo("done");
    assertThat(alpha.reports())
        .anyMatch(report -> report.contains(SERVICE4 + "/24 was on eth0 already, put there by"))
        .anyMatch(report -> report.contains("was on eth0 already, as /128: it is replaced"));
    assertThat(alpha.ask("states")).doesNotContain("permanent=true", "present=false");
    alpha.ask("lower");
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
  }

  @Test
  void areUsedAlthoughAnotherMachineHadAnsweredForThem() throws InterruptedException {
    network.ip(Machine.BETA, "address add %s/64 dev eth0 nodad".formatted(SERVICE6));
    // As when a standby starts with it, while there is a primary.
    network.ip(Machine.ALPHA, "address add %s/64 dev eth0".formatted(SERVICE6));
    Await.await(
        "it is a duplicate",
        () -> network.ip(Machine.ALPHA, "address show dev eth0").contains("dadfailed"));
    AddressProcess alpha = network.node(Machine.ALPHA);
    assertThat(alpha.ask("problem")).contains("is on eth0 although the service is not here");
    assertThat(alpha.ask("states")).doesNotContain("present=true");
    network.ip(Machine.BETA, "address delete %s/64 dev eth0".formatted(SERVICE6));
    assertThat(alpha.ask("raise 60000")).isEqualTo("done");
    network.awaitAnswers();
    assertThat(alpha.ask("problem")).isEmpty();
  }

  @Test
  void areRefusedWithAReasonForPeople() {
    assertThat(network.node(Machine.ALPHA, "eth9", SERVICES).ask("raise 60000"))
        .contains("AddressUnavailableException", "there is no network interface eth9");
    assertThat(network.node(Machine.ALPHA, "eth9", SERVICES).ask("problem"))
        .isEqualTo("the network interface eth9 is not there");
    network.ip(Machine.ALPHA, "link add other type veth peer name peer");
    assertThat(network.node(Machine.ALPHA, "other", SERVICES).ask("raise 60000"))
        .contains("AddressUnavailableException", "the network interface other is down");
    network.ip(Machine.ALPHA, "link set other up");
    network.ip(Machine.ALPHA, "address add %s/32 dev other".formatted(SERVICE4));
    assertThat(network.node(Machine.ALPHA).ask("raise 60000"))
        .contains("10.77.0.100 is on the network interface other of this machine already");
    network.ip(Machine.ALPHA, "link delete other");
    network.on(Machine.ALPHA, "sysctl -q net.ipv6.conf.eth0.disable_ipv6=1");
    assertThat(network.node(Machine.ALPHA).ask("raise 60000"))
        .contains(
            "AddressUnavailableException", "IPv6 is turned off on the network interface eth0");
    assertThat(network.hasNone(Machine.ALPHA)).isTrue();
  }

  @Test
  void withoutThePrivilegeTheyAreRefusedWithWhatIsMissing() {
    for (String missing : List.of("-net_admin", "-net_raw")) {
      AddressProcess alpha =
          network.nodeBy(
              Machine.ALPHA, "setpriv", "--bounding-set", missing, "--inh-caps", missing);
      assertThat(alpha.ask("raise 60000"))
          .as(missing)
          .contains("AddressUnavailableException", "CAP_NET_ADMIN and CAP_NET_RAW");
      assertThat(network.hasNone(Machine.ALPHA)).isTrue();
    }
  }
}
