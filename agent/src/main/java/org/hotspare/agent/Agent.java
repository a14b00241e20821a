package org.hotspare.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.hotspare.admin.AdminServer;
import org.hotspare.admin.Event;
import org.hotspare.admin.EventLog;
import org.hotspare.admin.HttpApi;
import org.hotspare.config.Address;
import org.hotspare.config.Api;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.hotspare.config.Limits;
import org.hotspare.config.Node;
import org.hotspare.mirror.MirrorNews;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.mirror.SharedKeys;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running agent: everything it needs, started in order and stopped in the opposite one. */
public final class Agent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
  private static final Duration RENEWAL_CHECK = Duration.ofHours(1);

  /** How often it is told that a certificate is not renewed. */
  private static final Duration REMINDER = Duration.ofDays(1);

  /** As it is in use; replaced when the file is read again. */
  private volatile Configuration configuration;

  private final Node self;
  private final Certificates certificates;
  private final EventLog events;
  private final Admission admission;
  private final RateLimit rate;
  private final LinkOptions options;
  private final ProcessorLimit processors;

  /** Of what is sent to each node. */
  private final Map<String, RateLimit> ratesOfNodes = new ConcurrentSkipListMap<>();

  private final SharedKeys shared;

  /** Keys that differ in the file and take effect only when the agent is started again. */
  private volatile List<String> needingRestart = List.of();

  private final List<Listener> listeners = new ArrayList<>();
  private final Mirrors mirrors;

  /** Null with fixed roles. */
  private volatile @Nullable LeasedRoles roles;

  private final Notifying notifying;
  private final Thread renewing;

  /** Of that thread: when it was last told that the certificate is not renewed. */
  private Instant reminded = Instant.MIN;

  /** Null until it runs. */
  private @Nullable ConditionWatch conditions;

  private AutoCloseable admin = () -> {};

  /** Null where the configuration asks for none. */
  private @Nullable HttpApi api;

  /** Everything was started, and nothing is being stopped yet. */
  private volatile boolean up;

  private volatile boolean closed;

  private Agent(
      Configuration configuration, Node self, Certificates certificates, EventLog events) {
    this.configuration = configuration;
    this.self = self;
    this.certificates = certificates;
    certificates.certifyHosts(this::hostsOf);
    this.events = events;
    this.notifying = new Notifying(events);
    events.tell(notifying);
    notifying.change(configuration, self);
    this.admission =
        new Admission(
            certificates,
            new Invitations(invitationsDirectory(configuration)),
            () -> Bytes.of(configuration().text()));
    this.rate = RateLimit.none();
    this.processors = ProcessorLimit.none();
    limit(configuration);
    this.options =
        new LinkOptions(
            org.hotspare.admin.Version.current(), LinkOptions.DEAD_AFTER, this::compression, rate);
    this.shared = new SharedKeys(configuration.shared(), this::tellDiffering);
    this.mirrors =
        new Mirrors(this::configuration, self, processors, shared, this::tell, this::connect);
    this.renewing = Thread.ofPlatform().name("renew").daemon().unstarted(this::renewLoop);
  }

  private void limit(Configuration by) {
    rate.change(rate(by.limits().bytesPerSecond()));
    processors.change(by.limits().processors());
    by.nodes().values().forEach(node -> rateOf(node.name()).change(rate(node.bytesPerSecond())));
  }

  private Collection<String> hostsOf(String name) {
    Node node = configuration.nodes().get(name);
    return node == null ? List.of() : node.hosts();
  }

  private static long rate(long bytesPerSecond) {
    return bytesPerSecond == Limits.UNLIMITED ? 0 : bytesPerSecond;
  }

  private RateLimit rateOf(String node) {
    return ratesOfNodes.computeIfAbsent(node, name -> RateLimit.none());
  }

  /** The limit of what is sent to the other side holds for all links to it together. */
  private Link limited(Link link) {
    link.limit(rateOf(link.peer()));
    return link;
  }

  private CompressionMode compression() {
    return CompressionMode.valueOf(configuration.limits().compression().name());
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
    Agent agent = new Agent(configuration, self, certificates, events);
    try {
      agent.begin();
      return agent;
    } catch (IOException | RuntimeException e) {
      agent.close();
      throw e;
    }
  }

  private void begin() throws IOException {
    AgentOperations operations = new AgentOperations(this);
    admin = AdminServer.start(configuration.state(), operations, events);
    Api asked = configuration.api();
    if (asked != null) {
      api =
          HttpApi.start(
              asked,
              certificates::clientlessContext,
              new NodeAvailability(this, operations),
              events);
    }
    if (configuration.hasFixedRoles()) {
      beginAsConfigured();
    } else {
      roles =
          LeasedRoles.start(
              configuration,
              self,
              certificates.isFounder(),
              mirrors,
              events,
              node -> connect(node(node)));
      listen();
    }
    renewing.start();
    conditions = ConditionWatch.start(this);
    up = true;
    events.record(
        Event.Kind.AGENT,
        null,
        "started as %s of cluster %s".formatted(describe(), configuration.cluster()));
  }

  private void beginAsConfigured() throws IOException {
    boolean primary = configuration.primary().equals(self.name());
    // If a lease follows these fixed roles, its first primary is the one of these.
    certificates.setFounder(primary);
    LeasedRoles.setRecordAside(configuration.state());
    if (primary) {
      mirrors.lead(PrimaryMirror.NEXT_EPOCH);
    }
    listen();
    if (!primary) {
      mirrors.follow(false);
    }
  }

  private String describe() {
    if (!self.holdsData()) {
      return "witness";
    }
    if (!configuration.hasFixedRoles()) {
      return "data node";
    }
    return configuration.primary().equals(self.name()) ? "primary" : "standby";
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
    LeasedRoles leased = roles;
    return limited(connect(node(leased == null ? configuration.primary() : leased.followed())));
  }

  private Node node(String name) throws IOException {
    Node node = configuration.nodes().get(name);
    if (node == null) {
      throw new IOException("nobody is primary");
    }
    return node;
  }

  private Link connect(Node node) throws IOException {
    List<InetSocketAddress> addresses =
        node.addresses().stream()
            .map(a -> InetSocketAddress.createUnresolved(a.host(), a.port()))
            .toList();
    return new Connector(certificates, options).connect(node.name(), addresses);
  }

  /** What a node that connected wants: its first frame says. */
  private void serve(Link link) {
    try (link) {
      Frame first = link.receive();
      LeasedRoles leased = roles;
      switch (first) {
        case Frame.Subscribe subscribe -> mirrors.serve(limited(link), subscribe);
        case Frame.Call _ when leased != null -> leased.serve(link, first);
        case Frame.Lease _ when leased != null -> leased.serve(link, first);
        default -> link.close("expected a subscription");
      }
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

  private void tellDiffering(String node, List<String> keys) {
    events.record(
        Event.Kind.CONFIGURATION,
        null,
        keys.isEmpty()
            ? "the configuration of %s is the same as here again".formatted(node)
            : "the configuration of %s differs from this one in %s"
                .formatted(node, String.join(", ", keys)));
  }

  /**
   * Reads the configuration file again and takes over what can be taken over while it runs. A file
   * that is wrong changes nothing.
   */
  synchronized void reload() {
    Configuration now = configuration();
    Configuration read;
    try {
      read = Configuration.load(now.file());
    } catch (ConfigurationException e) {
      LOG.warn("the configuration in use stays, since the file is wrong:\n{}", e.getMessage());
      String first = e.complaints().getFirst().headline();
      int more = e.complaints().size() - 1;
      events.record(
          Event.Kind.CONFIGURATION,
          null,
          "the configuration in use stays, since the file is wrong: %s%s"
              .formatted(first, more == 0 ? "" : "; and %d more".formatted(more)));
      return;
    }
    needingRestart = now.needingRestart(read);
    List<String> live = now.liveChanges(read);
    configuration = now.withLive(read);
    limit(configuration);
    notifying.change(configuration, self);
    changeMirrors();
    events.record(Event.Kind.CONFIGURATION, null, describe(live, needingRestart));
  }

  private void changeMirrors() {
    shared.change(configuration().shared());
    mirrors.change();
  }

  private static String describe(List<String> live, List<String> restart) {
    String changed = live.isEmpty() ? "nothing to change" : "changed: " + String.join(", ", live);
    String later =
        restart.isEmpty()
            ? ""
            : "; to take effect at the next start: " + String.join(", ", restart);
    return "the configuration was read again; " + changed + later;
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
    Instant now = Instant.now();
    if (!certificates.renewalDue(now)) {
      return;
    }
    if (!certificates.holdsAuthorityKey()) {
      remind(now, "nobody renews the certificate of a witness: have it join again");
      return;
    }
    try {
      certificates.renew();
      events.record(
          Event.Kind.CERTIFICATE, null, "certificate renewed until " + certificates.validUntil());
    } catch (IOException e) {
      remind(now, "certificate could not be renewed: " + e.getMessage());
    }
  }

  private void remind(Instant now, String text) {
    if (reminded.isAfter(now.minus(REMINDER))) {
      return;
    }
    reminded = now;
    events.record(
        Event.Kind.CERTIFICATE,
        null,
        "%s; it ends at %s".formatted(text, certificates.validUntil()));
  }

  Configuration configuration() {
    return configuration;
  }

  SharedKeys shared() {
    return shared;
  }

  List<String> needingRestart() {
    return needingRestart;
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
    return mirrors.primaries();
  }

  Map<String, StandbyMirror> standbys() {
    return mirrors.standbys();
  }

  /** Who is, as far as this node knows; empty where it knows of none. */
  String primary() {
    LeasedRoles leased = roles;
    return leased == null ? configuration.primary() : leased.primary();
  }

  /** Null with fixed roles. */
  @Nullable LeasedRoles roles() {
    return roles;
  }

  Mirrors mirrors() {
    return mirrors;
  }

  /** Whether all of it runs. */
  boolean isUp() {
    return up;
  }

  /** Whether it is at this instant: a process that stood still may lead mirrors and be none. */
  boolean isPrimary() {
    return isLeading(LeasedRoles::isPrimary);
  }

  /**
   * The same, but that clients are to come here: a promotion is complete, a hand-over not begun.
   */
  boolean serves() {
    return isLeading(LeasedRoles::serves);
  }

  private boolean isLeading(Predicate<LeasedRoles> entitled) {
    LeasedRoles leased = roles;
    return mirrors.isLeading()
        && (leased == null ? configuration.hasFixedRoles() : entitled.test(leased));
  }

  @Override
  public void close() throws IOException {
    up = false;
    LeasedRoles leased = roles;
    if (leased != null) {
      leased.stop();
    }
    closed = true;
    ConditionWatch watching = conditions;
    if (watching != null) {
      watching.close();
    }
    renewing.interrupt();
    if (leased != null) {
      leased.close();
    }
    for (Listener listener : listeners) {
      listener.close();
    }
    mirrors.close();
    HttpApi serving = api;
    if (serving != null) {
      serving.close();
    }
    try {
      admin.close();
    } catch (Exception e) {
      LOG.warn("the local socket could not be closed: {}", e.getMessage());
    }
    notifying.close();
    events.record(Event.Kind.AGENT, null, "stopped");
    events.close();
  }
}
