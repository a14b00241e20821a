package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.hotspare.config.Configuration;
import org.hotspare.health.Check;
import org.hotspare.health.ExecCheck;
import org.hotspare.health.HttpCheck;
import org.hotspare.health.PingCheck;
import org.hotspare.health.Schedule;
import org.hotspare.health.StatusRange;
import org.hotspare.health.TcpCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfiguredChecksTest {
  private static final Schedule USUAL =
      new Schedule(Duration.ofSeconds(1), Duration.ofSeconds(1), 3, 2);

  @Test
  void areWhatTheFileAsksFor(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("hotspare.yaml");
    Files.writeString(
        file,
        """
        cluster: web
        primary: alpha
        nodes:
          alpha: {address: ["10.0.0.1:7400", "[fd00::1]:7400", "10.0.0.1:7401"]}
          beta: {address: "10.0.0.2:7400"}
        mirrors: {www: {path: /srv/www}}
        checks:
          - {http: "http://10.0.0.100/x", status: [200, 3xx], body: "o+k", every: 500ms, fall: 5}
          - {ping: primary}
          - {ping: primary, rise: 7}
          - {tcp: "[fd00::9]:25"}
          - {exec: "true", every: 10s, timeout: 10s}
        """);
    Configuration configuration = Configuration.load(file);
    Schedule half = new Schedule(Duration.ofMillis(500), Duration.ofMillis(500), 5, 2);
    Schedule steady = new Schedule(USUAL.every(), USUAL.timeout(), 3, 7);
    Schedule slow = new Schedule(Duration.ofSeconds(10), Duration.ofSeconds(10), 3, 2);
    List<StatusRange> expected = List.of(new StatusRange(200, 200), new StatusRange(300, 399));
    PingCheck ping = new PingCheck(List.of("10.0.0.1", "fd00::1"));
    assertThat(
            ConfiguredChecks.of(
                configuration,
                Objects.requireNonNull(configuration.nodes().get(configuration.primary())),
                "beta"))
        .containsExactly(
            new Check(
                "http http://10.0.0.100/x",
                new HttpCheck(URI.create("http://10.0.0.100/x"), expected, "o+k"),
                half),
            new Check("ping primary", ping, USUAL),
            new Check("ping primary (2)", ping, steady),
            new Check("tcp [fd00::9]:25", new TcpCheck("fd00::9", 25), USUAL),
            new Check("exec true", new ExecCheck("true"), slow));
  }

  @Test
  void namesTellApartAndGiveNothingSecretAway(@TempDir Path directory) throws Exception {
    assertThat(
            names(
                directory,
                """
                - {exec: "TOKEN=secret /usr/lib/plugins/check_sql -p secret"}
                - {exec: "check_sql -p other"}
                - {name: exec check_sql (2), exec: "true"}
                - {exec: '"$(secret)" x'}
                - {exec: "while false; do secret; done"}
                - {http: "https://web:8443/health?token=secret#secret"}
                - {http: "https://web:8443/health?token=other"}
                - {http: "http://web"}
                """))
        .containsExactly(
            "exec check_sql",
            "exec check_sql (3)",
            "exec check_sql (2)",
            "exec command",
            "exec while",
            "http https://web:8443/health",
            "http https://web:8443/health (2)",
            "http http://web");
  }

  @Test
  void whatAnswersOnOneMachineAloneIsLookedAtByThePrimary(@TempDir Path directory)
      throws Exception {
    String checks =
        """
        - {tcp: "127.0.0.1:80"}
        - {http: "http://[::1]:8080/health"}
        - {http: "http://localhost/"}
        - {ping: 127.0.0.1}
        - {tcp: "10.0.0.100:80"}
        """;
    List<String> all =
        List.of(
            "tcp 127.0.0.1:80",
            "http http://[::1]:8080/health",
            "http http://localhost/",
            "ping 127.0.0.1",
            "tcp 10.0.0.100:80");
    assertThat(names(directory, checks, "10.0.0.1", "alpha")).isEqualTo(all);
    assertThat(names(directory, checks, "10.0.0.1", "beta")).containsExactly("tcp 10.0.0.100:80");
    // All nodes are on one machine.
    assertThat(names(directory, checks, "127.0.0.1", "beta")).isEqualTo(all);
  }

  private static List<String> names(Path directory, String checks) throws Exception {
    return names(directory, checks, "10.0.0.1", "beta");
  }

  /**
   * @param address of the primary, which is alpha
   * @param self who makes them
   */
  private static List<String> names(Path directory, String checks, String address, String self)
      throws Exception {
    Path file = directory.resolve("hotspare.yaml");
    Files.writeString(
        file,
        """
        cluster: web
        primary: alpha
        nodes:
          alpha: {address: "%s:7400"}
          beta: {address: "10.0.0.2:7400"}
        mirrors: {www: {path: /srv/www}}
        checks:
        """
                .formatted(address)
            + checks);
    Configuration configuration = Configuration.load(file);
    List<Check> made =
        ConfiguredChecks.of(
            configuration,
            Objects.requireNonNull(configuration.nodes().get(configuration.primary())),
            self);
    assertThat(ConfiguredChecks.hindrances(made)).isEmpty();
    return made.stream().map(Check::name).toList();
  }
}
