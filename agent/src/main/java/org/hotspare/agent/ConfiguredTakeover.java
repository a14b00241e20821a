package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.config.Notifications;
import org.hotspare.takeover.Hooks;
import org.hotspare.takeover.Notifier;
import org.hotspare.takeover.Service;
import org.hotspare.takeover.Services;
import org.hotspare.watch.WorkDirectories;

/** What the configuration asks for around a change of role on this node. */
final class ConfiguredTakeover {
  private ConfiguredTakeover() {}

  /** What tells this node's agent from all others that may run on the same machine. */
  private static String owner(Configuration configuration, Node self) {
    return self.name() + "@" + configuration.cluster();
  }

  private static Map<String, String> environment(Configuration configuration, Node self) {
    return Map.of("HOTSPARE_CLUSTER", configuration.cluster(), "HOTSPARE_NODE", self.name());
  }

  /**
   * @throws IOException if the directory for what is known of them cannot be made
   */
  static Services services(Configuration configuration, Node self) throws IOException {
    Path directory = configuration.state().resolve("services");
    WorkDirectories.createPrivate(directory);
    return new Services(
        services(configuration),
        owner(configuration, self),
        directory,
        environment(configuration, self));
  }

  static List<Service> services(Configuration configuration) {
    return configuration.takeover().services().stream().map(ConfiguredTakeover::service).toList();
  }

  private static Service service(org.hotspare.config.Service service) {
    Service.Control control =
        switch (service.control()) {
          case org.hotspare.config.Service.Systemd systemd -> new Service.Systemd(systemd.unit());
          case org.hotspare.config.Service.Commands commands ->
              new Service.Commands(commands.start(), commands.stop(), commands.status());
        };
    Service.Where where =
        switch (service.where()) {
          case PRIMARY -> Service.Where.PRIMARY;
          case ALL -> Service.Where.ALL;
        };
    return new Service(control, where, service.timeout());
  }

  static Hooks hooks(Configuration configuration, Node self) {
    org.hotspare.config.Hooks hooks = configuration.hooks();
    return new Hooks(
        hooks.before(),
        hooks.after(),
        hooks.timeout(),
        owner(configuration, self),
        environment(configuration, self));
  }

  /** Empty if nobody is to be told. */
  static Optional<Notifier> notifier(Configuration configuration, Node self) {
    Notifications notifications = configuration.notifications();
    if (notifications.command().isEmpty()) {
      return Optional.empty();
    }
    Set<String> on =
        notifications.on().stream().map(ConfiguredTakeover::word).collect(Collectors.toSet());
    return Optional.of(
        Notifier.start(
            notifications.command(),
            on,
            Notifier.TIMEOUT,
            Notifier.MAX_WAITING,
            environment(configuration, self)));
  }

  /** As it is written in the file. */
  static String word(Notifications.Occasion occasion) {
    return occasion.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
