package org.hotspare.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
  private static final Path FILE = Path.of("web.yaml");

  private static final String FULL =
      """
      cluster: web
      nodes:
        alpha: {address: 10.0.0.1:7400}
        beta:  {address: ["10.0.0.2:7400", "[2001:db8::2]:7400"], interface: ens3, paths: {www: /data/www}}
        gamma: {address: 10.0.0.3:7400, witness: true}
        delta: {address: 198.51.100.4:7400, vote: false, promote: false, bandwidth: 20Mbit/s}
      mirrors:
        www:  {path: /srv/www, exclude: ["/cache/", "*.tmp"]}
        conf: {path: /etc/apache2/, on-change: "systemctl reload apache2"}
      primary: alpha
      takeover:
        interface: eth0
        addresses: [10.0.0.100/24, "2001:db8::100/64"]
        ports: []
        services: [{systemd: apache2, on: all}, {start: a, stop: b, status: c, timeout: 30s}]
      checks:
        - {http: "http://10.0.0.100/health", every: 500ms, timeout: 400ms, fall: 3, rise: 2}
        - {ping: primary}
        - {tcp: "10.0.0.9:80"}
        - {exec: "true"}
      failover: {automatic: true, max-lag: 5s}
      failback: {preferred: alpha, mode: after, stable-for: 10m, window: "02:00-04:00"}
      guard: {deletions: 1000, share: 50%, within: 60s}
      versions: {keep: 7d, max-size: 20GiB}
      hooks: {before: [echo], after: echo}
      notify: {command: mail, on: [role, held, degraded, lag, diverged, certificate, disk, no-majority]}
      limits: {bandwidth: 50MB/s, cpu: 50%, compress: off}
      api: {listen: "127.0.0.1:7401"}
      state: /var/lib/hotspare
      """;

  private static final String SMALL =
      """
      cluster: web
      nodes:
        alpha: {address: 10.0.0.1:7400}
        beta: {address: 10.0.0.2:7400}
      mirrors:
        www: {path: /srv/www}
      primary: alpha
      """;

  private static Configuration read(String text) throws ConfigurationException {
    return Configuration.parse(text, FILE);
  }

  private static List<String> complaints(String text) {
    ConfigurationException refused =
        catchThrowableOfType(ConfigurationException.class, () -> read(text));
    assertThat(refused).as("accepted:\n%s", text).isNotNull();
    return refused.complaints().stream().map(Complaint::headline).toList();
  }

  @Test
  void everyKeyOfTheManualIsRead() throws Exception {
    Configuration full = read(FULL);
    assertThat(full.cluster()).isEqualTo("web");
    assertThat(full.nodes().keySet()).containsExactly("alpha", "beta", "gamma", "delta");
    Node beta = full.node("beta");
    assertThat(beta.addresses()).hasToString("[10.0.0.2:7400, [2001:db8::2]:7400]");
    assertThat(beta.networkInterface()).isEqualTo("ens3");
    assertThat(full.node("gamma").holdsData()).isFalse();
    assertThat(full.node("delta").votes()).isFalse();
    assertThat(full.node("delta").promotable()).isFalse();
    assertThat(full.node("delta").bytesPerSecond()).isEqualTo(2_500_000);
    assertThat(full.standbysOf("alpha")).extracting(Node::name).containsExactly("beta", "delta");
    assertThat(full.pathsOn(beta)).containsEntry("www", Path.of("/data/www"));
    assertThat(full.pathsOn(beta)).containsEntry("conf", Path.of("/etc/apache2"));
    assertThat(full.mirrors().get("www"))
        .isEqualTo(new Mirror("www", Path.of("/srv/www"), List.of("/cache/", "*.tmp"), ""));
    assertThat(full.guard()).isEqualTo(new Guard(1000, 0.5, Duration.ofMinutes(1)));
    assertThat(full.limits()).isEqualTo(new Limits(50_000_000, 0.5, Compression.OFF));
    assertThat(full.versions()).isEqualTo(Versions.DEFAULT);
    assertThat(full.takeover().services()).hasSize(2);
    assertThat(full.checks()).hasSize(4);
    assertThat(full.failback().mode()).isEqualTo(Failback.Mode.AFTER);
    assertThat(full.notifications().on()).hasSize(8);
    assertThat(full.state()).isEqualTo(Path.of("/var/lib/hotspare"));
    assertThat(full.notices())
        .extracting(Complaint::headline)
        .contains("web.yaml:11:1: takeover: has no effect in this version");
  }

  @Test
  void whatIsLeftOutHasItsDefault() throws Exception {
    Configuration small = read(SMALL);
    assertThat(small.guard()).isEqualTo(Guard.DEFAULT);
    assertThat(small.limits()).isEqualTo(Limits.DEFAULT);
    assertThat(small.state()).isEqualTo(Configuration.DEFAULT_STATE);
    assertThat(small.api()).isNull();
    assertThat(small.notices()).isEmpty();
    assertThat(small.primary()).isEqualTo("alpha");
  }

  @Test
  void anApiThatOthersReachNeedsAToken() throws Exception {
    for (String own : List.of("127.0.0.1:7401", "127.9.9.9:1", "[::1]:7401", "localhost:7401")) {
      String text = SMALL + "api: {listen: \"%s\"}\n".formatted(own);
      assertThat(read(text).api()).isEqualTo(new Api(Address.parse(own), null));
      assertThat(read(text).notices()).isEmpty();
    }
    for (String shared : List.of("0.0.0.0:7401", "[::]:7401", "10.0.0.1:7401", "alpha:7401")) {
      String listen = "api: {listen: \"%s\"%s}\n";
      assertThat(complaints(SMALL + listen.formatted(shared, "")))
          .singleElement(InstanceOfAssertFactories.STRING)
          .contains("without a token-file");
      Configuration with = read(SMALL + listen.formatted(shared, ", token-file: /etc/token"));
      assertThat(with.api()).isEqualTo(new Api(Address.parse(shared), Path.of("/etc/token")));
    }
  }

  @Test
  void relativeStateLiesBesideTheFile() throws Exception {
    Configuration read =
        Configuration.parse(SMALL + "state: state\n", Path.of("/try/alpha/h.yaml"));
    assertThat(read.state()).isEqualTo(Path.of("/try/alpha/state"));
    assertThat(complaints(SMALL + "state: /" + "x".repeat(90) + "\n")).hasSize(1);
  }

  @Test
  void unknownKeyIsNamedWithItsPlaceAndItsLikelyMeaning() {
    ConfigurationException refused =
        catchThrowableOfType(
            ConfigurationException.class,
            () -> read(SMALL.replace("mirrors:", "mirors:").replace("path:", "pth:")));
    assertThat(refused)
        .hasMessageStartingWith(
            """
            web.yaml:1:1: "mirrors" is missing in the configuration; expected mirrors: the \
            directories, each with its path
              cluster: web
              ^
            web.yaml:5:1: unknown key "mirors"; expected one of cluster, nodes, mirrors, primary, \
            lease, takeover, checks, failover, fence, failback, guard, versions, hooks, notify, limits, \
            api, state; did you mean "mirrors"?
              mirors:
              ^""");
    assertThat(complaints(SMALL.replace("path:", "pth:")))
        .contains(
            "web.yaml:6:9: unknown key \"pth\"; expected one of path, exclude, on-change; did you"
                + " mean \"path\"?");
  }

  @Test
  void caretStandsUnderThePlace() {
    ConfigurationException refused =
        catchThrowableOfType(
            ConfigurationException.class, () -> read(SMALL + "guard: {within: soon}\n"));
    assertThat(refused)
        .hasMessage(
            """
            web.yaml:8:17: guard.within is "soon"; expected a duration such as 500ms, 2s, 10m, 4h \
            or 7d
              guard: {within: soon}
                              ^""");
  }

  @Test
  void wrongValuesAreAllNamedAtOnce() {
    assertThat(
            complaints(
                SMALL
                    + """
                    guard: {deletions: -1, share: 120%, within: 60}
                    limits: {bandwidth: 50MB, cpu: half, compress: maybe}
                    versions: [7d]
                    takeover: {addresses: [10.0.0.1], ports: [0], services: [{on: all}]}
                    checks: [{every: 1s}, {ping: primary, tcp: "a:1"}, {http: "ftp://x"}]
                    failback: {preferred: nobody, mode: soon, window: late}
                    notify: {on: [everything]}
                    api: {listen: "0.0.0.0:7401"}
                    """))
        .hasSize(19)
        .allSatisfy(line -> assertThat(line).matches("web\\.yaml:\\d+:\\d+: .*; expected .*"));
  }

  @Test
  void aServiceThatIsThereTwiceIsNamed() {
    assertThat(
            complaints(
                SMALL
                    + """
                    takeover:
                      services:
                        - {systemd: apache2}
                        - {start: apache2, stop: "true"}
                        - {systemd: apache2.service, on: all}
                        - {start: apache2, stop: "false"}
                    """))
        .hasSize(2)
        .allSatisfy(
            line -> assertThat(line).contains(" is there already; expected each service once"));
  }

  @Test
  void hooksHaveATime() throws Exception {
    assertThat(read(SMALL).hooks().timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(read(SMALL + "hooks: {before: x, timeout: 5s}\n").hooks().timeout())
        .isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void checksHaveTheirAnswerWithinTheirPeriod() throws Exception {
    Configuration quick =
        read(
            SMALL
                + "checks: [{exec: a, every: 300ms}, {exec: b, every: 9s}, {exec: c, timeout: 20ms}]");
    assertThat(quick.checks())
        .extracting(Check::timeout)
        .containsExactly(Duration.ofMillis(300), Duration.ofSeconds(1), Duration.ofMillis(20));
    assertThat(
            complaints(
                SMALL
                    + """
                    checks:
                    - {exec: a, every: 500ms, timeout: 600ms}
                    - {exec: a, every: 10ms}
                    - {exec: a, timeout: 1ms}
                    """))
        .containsExactly(
            "web.yaml:9:36: checks[0].timeout does not fit every; expected at most as"
                + " long as every",
            "web.yaml:10:20: checks[1].every is too short; expected at least 100ms",
            "web.yaml:11:22: checks[2].timeout is too short; expected at least 20ms");
  }

  @Test
  void whatAWebServerIsToAnswerIsRead() throws Exception {
    Configuration web =
        read(SMALL + "checks: {http: \"http://a/\", status: [204, 3xx], body: \"o+k\"}");
    assertThat(web.checks().getFirst().probe())
        .isEqualTo(
            new Check.Http(
                "http://a/",
                List.of(new Check.Statuses(204, 204), new Check.Statuses(300, 399)),
                "o+k"));
    assertThat(
            complaints(
                SMALL
                    + """
                    checks:
                    - {http: "http://user:secret@a/", status: 600, body: "(open"}
                    - {http: "http://a:0/", status: 1xx}
                    - {http: "https://a:99999/"}
                    - {http: "http://a_b/"}
                    - {http: "http://a b/"}
                    - {http: "http:///x"}
                    - {http: "ftp://a/"}
                    - {ping: primary, status: 200}
                    """))
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains("checks[0].http has a user name in its URL; expected ")
                    .doesNotContain("secret"),
            line ->
                assertThat(line)
                    .endsWith("is \"600\"; expected a status from 200 on, such as 200 or 2xx"),
            line -> assertThat(line).endsWith("is \"(open\"; expected a regular expression"),
            line -> assertThat(line).contains("has the port 0 in its URL; expected a port from 1"),
            line -> assertThat(line).contains("is \"1xx\"; expected a status from 200 on"),
            line -> assertThat(line).contains("has the port 99999 in its URL; expected a port"),
            line ->
                assertThat(line).contains("has the host \"a_b\" in its URL; expected a name of"),
            line -> assertThat(line).contains("is no URL: "),
            line -> assertThat(line).contains("checks[5].http is a URL without a host"),
            line -> assertThat(line).contains("is a URL of ftp; expected one that begins with"),
            line -> assertThat(line).endsWith("expected status and body only beside http: URL"));
  }

  @Test
  void aCheckMayHaveANameOfItsOwn() throws Exception {
    assertThat(read(SMALL + "checks: [{exec: a}, {name: Front page, exec: b}]").checks())
        .extracting(Check::name)
        .containsExactly("", "Front page");
    assertThat(
            complaints(
                SMALL + "checks: [{name: x, exec: a}, {name: x, exec: b}, {name: \" \", exec: c}]"))
        .satisfiesExactly(
            line -> assertThat(line).contains("another check has the name \"x\"; expected a name"),
            line -> assertThat(line).contains("checks[2].name is empty; expected at most 80"));
  }

  @Test
  void duplicateKeysAreRefused() {
    assertThat(complaints(SMALL + "primary: beta\n"))
        .containsExactly(
            "web.yaml:8:1: \"primary\" stands twice in the configuration; expected each key once");
    assertThat(complaints(SMALL.replace("  beta:", "  alpha:")))
        .anyMatch(line -> line.contains("4:3: \"alpha\" stands twice in nodes"));
  }

  @Test
  void aLeaseTakesThePlaceOfFixedRoles() throws Exception {
    String small = SMALL.replace("primary: alpha", "lease: {duration: 1500ms}");
    Configuration read = Configuration.parse(small, FILE);
    assertThat(read.lease()).isEqualTo(Duration.ofMillis(1500));
    assertThat(read.primary()).isEmpty();
    assertThat(read.voters()).containsExactlyInAnyOrder("alpha", "beta");
    assertThat(complaints(SMALL + "lease: {duration: 2s}\n"))
        .singleElement()
        .asString()
        .contains("primary: and lease: are both there");
    assertThat(complaints(small.replace("1500ms", "10ms")))
        .singleElement()
        .asString()
        .contains("a duration from 500ms to 1m");
  }

  @Test
  void primaryMustBeADataNode() {
    assertThat(complaints(SMALL.replace("primary: alpha", "primary: gama")))
        .containsExactly(
            "web.yaml:7:10: primary is \"gama\"; expected a node that holds the mirrors: one of"
                + " alpha, beta");
    assertThat(complaints(SMALL.replace("7400}\n  beta", "7400, witness: true}\n  beta")))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("web.yaml:7:10: primary is \"alpha\"");
    assertThat(complaints(SMALL.replace("primary: alpha\n", "")))
        .containsExactly(
            "web.yaml:1:1: \"primary\" or \"lease\" is missing in the configuration; expected"
                + " primary: NODE for fixed roles, NODE being one of alpha, beta, or lease:"
                + " {duration: 2s}");
  }

  @Test
  void missingPartsAreNamed() {
    assertThat(complaints("{}")).hasSize(4);
    assertThat(complaints(""))
        .containsExactly(
            "web.yaml:1:1: the file is empty; expected at least cluster, nodes, mirrors and primary");
    assertThat(complaints(SMALL.replace("{address: 10.0.0.1:7400}", "{}")))
        .anyMatch(line -> line.contains("3:10: \"address\" is missing in nodes.alpha"));
    assertThat(complaints(SMALL.replace("{path: /srv/www}", "{}")))
        .anyMatch(line -> line.contains("6:8: \"path\" is missing in mirrors.www"));
  }

  @Test
  void pathsMustNotContainOneAnother() {
    assertThat(complaints(SMALL.replace("primary:", "  all: {path: /srv}\nprimary:")))
        .containsExactly(
            "web.yaml:7:15: /srv contains mirror www at /srv/www; expected directories that do not"
                + " contain one another");
    assertThat(complaints(SMALL.replace("primary:", "  b: {path: /srv/./www/}\nprimary:")))
        .hasSize(1);
    assertThat(complaints(SMALL.replace("primary:", "  b: {path: /srv/www/in}\nprimary:")))
        .hasSize(1);
    assertThat(complaints(SMALL.replace("/srv/www", "srv"))).hasSize(1);
    assertThat(complaints(SMALL.replace("/srv/www", "/"))).hasSize(1);
    assertThat(complaints(SMALL.replace("/srv/www", "/var/lib"))).hasSize(1);
    assertThat(complaints(SMALL.replace("/srv/www", "/var/lib/hotspare/x"))).hasSize(1);
    assertThat(complaints(SMALL.replace("/srv/www", "/srv/.hotspare/www"))).hasSize(1);
  }

  @Test
  void patternsThatExcludeAllOrNothingAreRefused() {
    assertThat(complaints(SMALL.replace("/srv/www}", "/srv/www, exclude: [/, '!', '+ ', a]}")))
        .hasSize(3)
        .first()
        .asString()
        .startsWith("web.yaml:6:35: mirrors.www.exclude[0] is \"/\"; expected a pattern");
  }

  @Test
  void pathsOfANodeMustNotContainOneAnotherEither() {
    String two = SMALL.replace("primary:", "  conf: {path: /etc/x}\nprimary:");
    assertThat(
            complaints(two.replace("10.0.0.2:7400}", "10.0.0.2:7400, paths: {conf: /srv/www/c}}")))
        .containsExactly(
            "web.yaml:4:48: /srv/www/c lies inside mirror www at /srv/www on node beta; expected"
                + " directories that do not contain one another");
    assertThat(complaints(two.replace("10.0.0.2:7400}", "10.0.0.2:7400, paths: {cnf: /c}}")))
        .hasSize(1)
        .first()
        .asString()
        .contains("unknown key \"cnf\"", "did you mean \"conf\"?");
  }

  @Test
  void twoNodesCannotShareAnAddress() {
    assertThat(complaints(SMALL.replace("10.0.0.2", "10.0.0.1")))
        .containsExactly(
            "web.yaml:4:19: 10.0.0.1:7400 is already an address of node alpha; expected an address"
                + " of its own for each node");
  }

  @Test
  void brokenYamlIsPlaced() {
    assertThat(complaints("cluster: [web\nnodes: {}\n"))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("web.yaml:2:6: this is not YAML: ");
    assertThat(complaints("cluster: web\n\tnodes: {}\n")).hasSize(1);
    assertThat(complaints("cluster: \u0001\n")).hasSize(1);
    assertThat(complaints("a: &a [*a]\n")).isNotEmpty();
    assertThat(complaints("- a\n- b\n")).isNotEmpty();
    assertThat(complaints("cluster: a\n---\ncluster: b\n")).hasSize(1);
    assertThat(complaints("cluster: " + "[".repeat(20_000)))
        .containsExactly("web.yaml:1:41: values are nested too deeply; expected at most 32 levels");
  }

  @Test
  void filesThatCannotBeReadAreComplaintsToo(@TempDir Path directory) throws Exception {
    Path missing = directory.resolve("none.yaml");
    assertThatThrownBy(() -> Configuration.load(missing))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("none.yaml: the file does not exist; expected a configuration file");
    Path binary = Files.write(directory.resolve("bin.yaml"), new byte[] {(byte) 0xff, 0x00});
    assertThatThrownBy(() -> Configuration.load(binary)).hasMessageContaining("not text in UTF-8");
    Path huge = Files.write(directory.resolve("huge.yaml"), new byte[(256 << 10) + 1]);
    assertThatThrownBy(() -> Configuration.load(huge)).hasMessageContaining("larger than 262144");
    assertThatThrownBy(() -> Configuration.load(directory))
        .isInstanceOf(ConfigurationException.class);
  }

  @Test
  void nodeIsFoundByTheHostsNameOrAddress() throws Exception {
    Configuration small = read(SMALL);
    InetAddress second = InetAddress.getByName("10.0.0.2");
    assertThat(small.nodeOn(new HostIdentity("beta.example.org", Set.of())).name())
        .isEqualTo("beta");
    assertThat(small.nodeOn(new HostIdentity("other", Set.of(second))).name()).isEqualTo("beta");
    assertThatThrownBy(() -> small.nodeOn(new HostIdentity("other", Set.of())))
        .hasMessageContaining("no node with the name or an address of this host")
        .hasMessageContaining("--node with one of alpha, beta");
    assertThatThrownBy(() -> small.nodeOn(new HostIdentity("alpha", Set.of(second))))
        .hasMessageContaining("several");
    assertThatThrownBy(() -> small.node("gamma")).hasMessageContaining("names no node \"gamma\"");
  }

  @Test
  void whatHasToBeEqualIsHashedKeyByKey() throws Exception {
    Configuration full = read(FULL);
    assertThat(read("# a remark\n" + FULL).shared()).isEqualTo(full.shared());
    var other = read(FULL.replace("deletions: 1000", "deletions: 5").replace("*.tmp", "*.bak"));
    assertThat(other.shared().keySet())
        .filteredOn(key -> !Objects.equals(other.shared().get(key), full.shared().get(key)))
        .containsExactlyInAnyOrder("guard", "mirrors.www.exclude");
  }

  @Test
  void onlySomeKeysTakeEffectWhileTheAgentRuns() throws Exception {
    Configuration full = read(FULL);
    String live =
        FULL.replace("20Mbit/s", "30Mbit/s")
            .replace("systemctl reload apache2", "true")
            .replace("deletions: 1000", "deletions: 5")
            .replace("cpu: 50%", "cpu: 80%");
    assertThat(full.needingRestart(read(live))).isEmpty();
    assertThat(full.liveChanges(read(live))).contains("guard", "limits.cpu");
    assertThat(full.withLive(read(live)).liveChanges(read(live))).isEmpty();
    String restart =
        FULL.replace("10.0.0.1:7400", "10.0.0.9:7400")
            .replace("*.tmp", "*.bak")
            .replace("primary: alpha", "primary: beta")
            .replace("  gamma:", "  omega:");
    assertThat(full.needingRestart(read(restart)))
        .containsExactly("primary", "nodes", "nodes.alpha", "mirrors.www");
    Configuration running = full.withLive(read(restart));
    assertThat(running.primary()).isEqualTo("alpha");
    Configuration otherApi = read(FULL.replace("127.0.0.1:7401", "127.0.0.1:7402"));
    assertThat(full.needingRestart(otherApi)).containsExactly("api");
    assertThat(full.withLive(otherApi).api()).isEqualTo(full.api());
    assertThat(running.needingRestart(read(restart))).isEqualTo(full.needingRestart(read(restart)));
  }
}
