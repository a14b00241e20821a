package org.hotspare.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.hotspare.admin.AdminServer;
import org.hotspare.admin.Event;
import org.hotspare.admin.EventLog;
import org.hotspare.config.Address;
import org.hotspare.config.Configuration;
import org.hotspare.config.Limits;
import org.hotspare.config.Mirror;
import org.hotspare.config.Node;
import org.hotspare.mirror.MirrorNews;
import org.hotspare.mirror.MirrorSettings;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.mirror.StandbyMirror;
import org.hotspare.tree.Bytes;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.WorkDirectories;
import org.hotspare.wire.Admission;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.CompressionMode;
import org.hotspare.wire.Connector;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Invitations;
import org.hotspare.wire.Link;
import org.hotspare.wire.LinkOptions;
import org.hotspare.wire.Listener;
import org.hotspare.wire.RateLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running agent: everything it needs, started in order and stopped in the opposite one. */
public final class Agent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
  private static final Duration RENEWAL_CHECK = Duration.ofHours(1);

  private final Configuration configuration;
  private final Node self;
  private final Certificates certificates;
  private final EventLog events;
  private final Admission admission;
  private final LinkOptions options;
  private final ProcessorLimit processors;

  /** Of what is sent to each node that has a limit of its own. */
  private final Map<String, RateLimit> ratesOfNodes = new ConcurrentSkipListMap<>();

  private final List<Listener> listeners = new ArrayList<>();
  private final Map<String, PrimaryMirror> primaries = new ConcurrentSkipListMap<>();
  private final Map<String, StandbyMirror> standbys = new ConcurrentSkipListMap<>();
  private final Thread renewing;
  private AutoCloseable admin = () -> {};
  private volatile boolean closed;

  private Agent(
      Configuration configuration,
      Node self,
      Certificates certificates,
      EventLog events,
      Admission admission) {
    this.configuration = configuration;
    this.self = self;
    this.certificates = certificates;
    this.events = events;
    this.admission = admission;
    Limits limits = configuration.limits();
    RateLimit rate = rate(limits.bytesPerSecond());
    configuration
        .nodes()
        .values()
        .forEach(node -> ratesOfNodes.put(node.name(), rate(node.bytesPerSecond())));
    this.processors = ProcessorLimit.of(limits.processors());
    this.options =
        new LinkOptions(
            org.hotspare.admin.Version.current(),
            LinkOptions.DEAD_AFTER,
            CompressionMode.valueOf(limits.compression().name()),
            rate);
    this.renewing = Thread.ofPlatform().name("renew").daemon().unstarted(this::renewLoop);
  }

  private static RateLimit rate(long bytesPerSecond) {
    return bytesPerSecond == Limits.UNLIMITED ? RateLimit.none() : RateLimit.of(bytesPerSecond);
  }

  /** The limit of what is sent to the other side holds for all links to it together. */
  private Link limited(Link link) {
    link.limit(ratesOfNodes.getOrDefault(link.peer(), RateLimit.none()));
    return link;
  }

  /** Where a node keeps its certificate and the cluster's authority. */
  public static Path tlsDirectory(Configuration configuration) {
    return configuration.state().resolve("tls");
  }

  static Path invitationsDirectory(Configuration configuration) {
    return configuration.state().resolve("invitations");
  }

  /**
   * Starts everything that the configuration asks for on this node.
   *
   * @throws IOException if something cannot be started: the message says what, and what to do
   */
  public static Agent start(Configuration configuration, Node self) throws IOException {
    Path state = configuration.state();
    Files.createDirectories(state.toAbsolutePath().getParent());
    WorkDirectories.createPrivate(state);
    Certificates certificates = Certificates.load(tlsDirectory(configuration));
    EventLog events = EventLog.open(state, self.name(), InstantSource.system());
    Admission admission =
        new Admission(
            certificates,
            new Invitations(invitationsDirectory(configuration)),
            () -> Bytes.of(configuration.text()));
    Agent agent = new Agent(configuration, self, certificates, events, admission);
    try {
      agent.begin();
      return agent;
    } catch (IOException | RuntimeException e) {
      agent.close();
      throw e;
    }
  }

  private void begin() throws IOException {
    AdminServer server =
        AdminServer.start(configuration.state(), new AgentOperations(this), events);
    admin = server;
    boolean primary = configuration.primary().equals(self.name());
    for (Mirror mirror : configuration.mirrors().values()) {
      if (self.holdsData() && primary) {
        primaries.put(mirror.name(), PrimaryMirror.start(settings(mirror), this::tell));
      }
    }
    listen();
    for (Mirror mirror : configuration.mirrors().values()) {
      if (self.holdsData() && !primary) {
        standbys.put(
            mirror.name(), StandbyMirror.start(settings(mirror), this::connect, this::tell));
      }
    }
    renewing.start();
    events.record(
        Event.Kind.AGENT,
        null,
        "started as %s of cluster %s"
            .formatted(primary ? "primary" : "standby", configuration.cluster()));
  }

  private MirrorSettings settings(Mirror mirror) throws IOException {
    Path mirrors = configuration.state().resolve("mirrors");
    WorkDirectories.createPrivate(mirrors);
    Path own = mirrors.resolve(mirror.name());
    WorkDirectories.createPrivate(own);
    String command = mirror.onChange();
    return new MirrorSettings(
        mirror.name(),
        configuration.pathOf(mirror, self),
        own,
        mirror.exclude(),
        configuration.guard().deletions(),
        configuration.guard().share(),
        configuration.guard().within(),
        command.isEmpty() ? null : command,
        processors);
  }

  private void listen() throws IOException {
    for (Address address : self.addresses()) {
      listeners.add(
          Listener.start(
              new InetSocketAddress(address.host(), address.port()),
              certificates,
              node -> configuration.nodes().containsKey(node) && !node.equals(self.name()),
              admission,
              options,
              this::serve));
    }
  }

  private Link connect() throws IOException {
    Node primary = configuration.primaryNode();
    List<InetSocketAddress> addresses =
        primary.addresses().stream()
            .map(a -> InetSocketAddress.createUnresolved(a.host(), a.port()))
            .toList();
    return limited(new Connector(certificates, options).connect(primary.name(), addresses));
  }

  /** What a node that connected wants: its first frame says. */
  private void serve(Link link) {
    try (link) {
      limited(link);
      Frame first = link.receive();
      if (!(first instanceof Frame.Subscribe subscribe)) {
        link.close("expected a subscription");
        return;
      }
      PrimaryMirror mirror = primaries.get(subscribe.mirror());
      if (mirror == null) {
        link.close(
            "node %s is not the primary of a mirror \"%s\""
                .formatted(self.name(), subscribe.mirror()));
        return;
      }
      mirror.serve(link, subscribe);
    } catch (IOException e) {
      LOG.info("{}: {}", link, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      if (!closed) {
        LOG.error("serving {} failed", link, e);
      }
    }
  }

  private void tell(String mirror, MirrorNews.Topic topic, String text) {
    events.record(Event.Kind.valueOf(topic.name()), mirror, text);
  }

  private void renewLoop() {
    try {
      while (!closed) {
        renewIfDue();
        Thread.sleep(RENEWAL_CHECK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void renewIfDue() {
    if (!certificates.renewalDue(Instant.now()) || !certificates.holdsAuthorityKey()) {
      return;
    }
    try {
      certificates.renew();
      events.record(
          Event.Kind.CERTIFICATE, null, "certificate renewed until " + certificates.validUntil());
    } catch (IOException e) {
      events.record(
          Event.Kind.CERTIFICATE, null, "certificate could not be renewed: " + e.getMessage());
    }
  }

  Configuration configuration() {
    return configuration;
  }

  Node self() {
    return self;
  }

  Certificates certificates() {
    return certificates;
  }

  EventLog events() {
    return events;
  }

  Admission admission() {
    return admission;
  }

  Map<String, PrimaryMirror> primaries() {
    return primaries;
  }

  Map<String, StandbyMirror> standbys() {
    return standbys;
  }

  boolean isPrimary() {
    return configuration.primary().equals(self.name());
  }

  @Override
  public void close() throws IOException {
    closed = true;
    renewing.interrupt();
    for (Listener listener : listeners) {
      listener.close();
    }
    standbys.values().forEach(StandbyMirror::close);
    primaries.values().forEach(PrimaryMirror::close);
    try {
      admin.close();
    } catch (Exception e) {
      LOG.warn("the local socket could not be closed: {}", e.getMessage());
    }
    events.record(Event.Kind.AGENT, null, "stopped");
    events.close();
  }
}
