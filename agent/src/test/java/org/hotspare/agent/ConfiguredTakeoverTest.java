package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.config.Notifications.Occasion;
import org.hotspare.takeover.Notifier;
import org.hotspare.takeover.RoleChange;
import org.hotspare.takeover.Service;
import org.hotspare.takeover.Services;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfiguredTakeoverTest {
  @TempDir Path directory;

  private Configuration configuration(String rest) throws Exception {
    return configuration(rest, "state");
  }

  private Configuration configuration(String rest, String state) throws Exception {
    Path file = directory.resolve("hotspare.yaml");
    Files.writeString(
        file,
        """
        cluster: web
        primary: alpha
        state: %s
        nodes:
          alpha: {address: "10.0.0.1:7400"}
        mirrors: {www: {path: /srv/www}}
        """
                .formatted(state)
            + rest);
    return Configuration.load(file);
  }

  private static Node alpha(Configuration configuration) {
    return Objects.requireNonNull(configuration.nodes().get("alpha"));
  }

  @Test
  void servicesAreWhatTheFileAsksFor() throws Exception {
    Configuration configuration =
        configuration(
            """
            takeover:
              services:
                - {systemd: apache2, on: all, timeout: 5s}
                - {start: "x start", stop: "x stop", status: "x status"}
                - {start: "y start", stop: "y stop"}
            """);
    assertThat(ConfiguredTakeover.services(configuration))
        .containsExactly(
            new Service(new Service.Systemd("apache2"), Service.Where.ALL, Duration.ofSeconds(5)),
            new Service(
                new Service.Commands("x start", "x stop", "x status"),
                Service.Where.PRIMARY,
                Duration.ofSeconds(30)),
            new Service(
                new Service.Commands("y start", "y stop", ""),
                Service.Where.PRIMARY,
                Duration.ofSeconds(30)));
  }

  @Test
  void whatTheFileAsksForIsDone() throws Exception {
    Path hooked = directory.resolve("hooked");
    Path told = directory.resolve("told");
    Path started = directory.resolve("started");
    Configuration configuration =
        configuration(
            """
            takeover: {services: [{start: "echo $HOTSPARE_NODE >%s", stop: "true"}]}
            hooks: {before: "echo before >>%s", after: ["echo $HOTSPARE_EPOCH >>%s"], timeout: 1m}
            notify: {command: "cat >%s", on: no-majority}
            """
                .formatted(started, hooked, hooked, told));
    Node alpha = alpha(configuration);
    Files.createDirectories(configuration.state());
    Path run = directory.resolve("run");
    Services services = ConfiguredTakeover.services(configuration, alpha, run);
    assertThat(services.becomePrimary().failure()).isEmpty();
    assertThat(started).hasContent("alpha");
    assertThat(run.resolve(ConfiguredTakeover.owner(configuration, alpha))).isNotEmptyDirectory();
    assertThat(services.becomeStandby().failure()).isEmpty();

    RoleChange change = new RoleChange("web", "alpha", 7, "standby", "primary");
    assertThat(ConfiguredTakeover.hooks(configuration, alpha).before(change)).isEmpty();
    assertThat(ConfiguredTakeover.hooks(configuration, alpha).after(change)).isEmpty();
    assertThat(Files.readAllLines(hooked)).isEqualTo(List.of("before", "7"));

    List<String> problems = new CopyOnWriteArrayList<>();
    try (Notifier notifier =
        ConfiguredTakeover.notifier(configuration, alpha, problems::add).orElseThrow()) {
      notifier.tell(ConfiguredTakeover.word(Occasion.ROLE), "no");
      notifier.tell(ConfiguredTakeover.word(Occasion.NO_MAJORITY), "yes");
    }
    assertThat(told).hasContent("yes");
    assertThat(problems).isEmpty();
  }

  /** As of an agent that may not write to where it runs. */
  @Test
  void whatIsKnownOfServicesIsKeptWithTheStateWhereItCannotBeElsewhere() throws Exception {
    Configuration configuration =
        configuration("takeover: {services: [{start: \"true\", stop: \"true\"}]}\n");
    Node alpha = alpha(configuration);
    Files.createDirectories(configuration.state());
    Path run = Files.createFile(directory.resolve("run"));
    Services services = ConfiguredTakeover.services(configuration, alpha, run);
    assertThat(services.becomePrimary().failure()).isEmpty();
    assertThat(configuration.state().resolve("services")).isNotEmptyDirectory();
    assertThat(services.becomeStandby().failure()).isEmpty();
  }

  /** As two trials have on one machine. */
  @Test
  void agentsOfTheSameNamesDoNotTakeEachOthersProcessesForTheirs() throws Exception {
    Configuration one = configuration("");
    Configuration other = configuration("", "elsewhere");
    assertThat(ConfiguredTakeover.owner(one, alpha(one)))
        .matches("alpha@web-[0-9a-f]{8}")
        .isNotEqualTo(ConfiguredTakeover.owner(other, alpha(other)))
        .isEqualTo(ConfiguredTakeover.owner(configuration(""), alpha(one)));
  }

  @Test
  void nobodyIsToldWhereTheFileSaysNothing() throws Exception {
    Configuration configuration = configuration("");
    assertThat(ConfiguredTakeover.notifier(configuration, alpha(configuration), _ -> {})).isEmpty();
    assertThat(ConfiguredTakeover.services(configuration)).isEmpty();
  }
}
