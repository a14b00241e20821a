package org.hotspare.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.config.Notifications;
import org.hotspare.takeover.Fence;
import org.hotspare.takeover.Hooks;
import org.hotspare.takeover.Notifier;
import org.hotspare.takeover.Service;
import org.hotspare.takeover.Services;
import org.hotspare.tree.Digest;
import org.hotspare.watch.WorkDirectories;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the configuration asks for around a change of role on this node. */
final class ConfiguredTakeover {
  private static final Logger LOG = LoggerFactory.getLogger(ConfiguredTakeover.class);

  /** Waits for no disk, and is empty after each start of the machine. */
  private static final Path RUN = Path.of("/run/hotspare");

  private ConfiguredTakeover() {}

  /**
   * What tells this node's agent from all others that may run on the same machine: also from those
   * of other clusters with the same names, such as two trials. It is the same at each start.
   */
  static String owner(Configuration configuration, Node self) {
    String state = configuration.state().toAbsolutePath().normalize().toString();
    byte[] hash = Digest.newHash().digest(state.getBytes(StandardCharsets.UTF_8));
    String digest = HexFormat.of().formatHex(hash, 0, 4);
    return self.name() + "@" + configuration.cluster() + "-" + digest;
  }

  private static Map<String, String> environment(Configuration configuration, Node self) {
    return Map.of("HOTSPARE_CLUSTER", configuration.cluster(), "HOTSPARE_NODE", self.name());
  }

  /**
   * @throws IOException if the directory for what is known of them cannot be made
   */
  static Services services(Configuration configuration, Node self) throws IOException {
    return services(configuration, self, RUN);
  }

  /**
   * @param run for the records, as {@link #RUN}
   */
  static Services services(Configuration configuration, Node self, Path run) throws IOException {
    String owner = owner(configuration, self);
    Path logs = configuration.state().resolve("services");
    WorkDirectories.createPrivate(logs);
    return new Services(
        services(configuration),
        owner,
        records(run, owner, logs),
        logs,
        environment(configuration, self));
  }

  /** Below the state directory where this user may not make it elsewhere. */
  private static Path records(Path run, String owner, Path otherwise) {
    Path own = run.resolve(owner);
    try {
      WorkDirectories.createPrivate(run);
      WorkDirectories.createPrivate(own);
      return own;
    } catch (IOException refused) {
      LOG.info("What services were begun is kept in {}: {}", otherwise, refused.toString());
      return otherwise;
    }
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

  /** Empty if there is none; it is asked about the other of two nodes. */
  static Optional<Fence> fence(Configuration configuration, Node self) {
    org.hotspare.config.Fence fence = configuration.fence();
    if (!fence.isConfigured()) {
      return Optional.empty();
    }
    Map<String, String> environment = new TreeMap<>(environment(configuration, self));
    for (Node other : configuration.nodes().values()) {
      if (!other.name().equals(self.name())) {
        environment.put("HOTSPARE_FENCED", other.name());
        environment.put("HOTSPARE_FENCED_ADDRESS", other.addresses().getFirst().hostWithoutZone());
      }
    }
    return Optional.of(new Fence(fence.command(), fence.timeout(), environment));
  }

  /**
   * Empty if nobody is to be told.
   *
   * @param problems as {@link Notifier#start} has it
   */
  static Optional<Notifier> notifier(
      Configuration configuration, Node self, Consumer<String> problems) {
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
            environment(configuration, self),
            problems));
  }

  /** As it is written in the file. */
  static String word(Notifications.Occasion occasion) {
    return occasion.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
