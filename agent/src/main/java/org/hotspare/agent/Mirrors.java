package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.hotspare.config.Configuration;
import org.hotspare.config.Mirror;
import org.hotspare.config.Node;
import org.hotspare.mirror.CopyState;
import org.hotspare.mirror.LinkSource;
import org.hotspare.mirror.MirrorNews;
import org.hotspare.mirror.MirrorSettings;
import org.hotspare.mirror.MirrorView;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.mirror.SharedKeys;
import org.hotspare.mirror.StandbyMirror;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.Sweep;
import org.hotspare.watch.WorkDirectories;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mirrors of this node, all in the same role: they lead, follow another node, or rest.
 *
 * <p>Invariant: never is one a primary's and another a standby's; between two roles all are closed.
 */
final class Mirrors implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Mirrors.class);

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Supplier<Configuration> configuration;
  private final Node self;
  private final ProcessorLimit processors;
  private final SharedKeys shared;
  private final MirrorNews news;
  private final LinkSource connection;
  private final Sweep sweep = Sweep.start();

  private final Map<String, PrimaryMirror> primaries = new ConcurrentSkipListMap<>();
  private final Map<String, StandbyMirror> standbys = new ConcurrentSkipListMap<>();
  private volatile boolean leading;

  /** Written while the role changes, read while somebody looks. */
  private final ReentrantReadWriteLock changing = new ReentrantReadWriteLock();

  /** How they are while they rest; empty until somebody looks. */
  private volatile Map<String, CopyState> resting = Map.of();

  /** No role is taken any more. Guarded by the lock. */
  private boolean closed;

  /**
   * @param connection to the primary that is followed
   */
  Mirrors(
      Supplier<Configuration> configuration,
      Node self,
      ProcessorLimit processors,
      SharedKeys shared,
      MirrorNews news,
      LinkSource connection) {
    this.configuration = configuration;
    this.self = self;
    this.processors = processors;
    this.shared = shared;
    this.news = news;
    this.connection = connection;
  }

  /**
   * Becomes primary, with what this node has.
   *
   * @param epoch see {@link PrimaryMirror#start(MirrorSettings, MirrorNews, long)}
   * @throws IOException if one of them cannot be; then all rest
   */
  void lead(long epoch) throws IOException {
    become(
        () -> {
          leading = true;
          for (Mirror mirror : configured()) {
            primaries.put(mirror.name(), PrimaryMirror.start(settings(mirror), news, epoch));
          }
        });
  }

  /**
   * Becomes a standby.
   *
   * @param resuming whether what this node has as a primary is part of the history it follows, as
   *     far as positions say so; otherwise that is compared
   * @throws IOException if one of them cannot be; then all rest
   */
  void follow(boolean resuming) throws IOException {
    become(
        () -> {
          for (Mirror mirror : configured()) {
            MirrorSettings settings = settings(mirror);
            standbys.put(
                mirror.name(),
                resuming
                    ? StandbyMirror.resume(settings, connection, news)
                    : StandbyMirror.start(settings, connection, news));
          }
        });
  }

  /**
   * Where there is nobody to follow: finds out whether the copies that this node made as a standby
   * are whole, since without that none is promoted. They follow whoever is primary then.
   *
   * @throws IOException if one of them cannot be compared; then all rest
   */
  void compare() throws IOException {
    become(
        () -> {
          for (Mirror mirror : configured()) {
            MirrorSettings settings = settings(mirror);
            if (CopyState.read(settings).kind() == CopyState.Kind.UNCOMPARED) {
              standbys.put(mirror.name(), StandbyMirror.resume(settings, connection, news));
            }
          }
        });
  }

  /** Opens mirrors in another role. */
  @FunctionalInterface
  private interface Opening {
    void run() throws IOException;
  }

  /** All, or none. */
  private void become(Opening opening) throws IOException {
    changing.writeLock().lock();
    try {
      rest();
      if (closed) {
        throw new IOException("the agent ends");
      }
      opening.run();
    } catch (IOException | RuntimeException e) {
      rest();
      throw e;
    } finally {
      changing.writeLock().unlock();
    }
  }

  /** Ends the role that it has: nothing is served, applied or followed any more. */
  void rest() {
    changing.writeLock().lock();
    try {
      leading = false;
      Map<String, CopyState> before = new TreeMap<>(resting);
      standbys.forEach((name, standby) -> before.put(name, copyOf(standby)));
      boolean had = !standbys.isEmpty() || !primaries.isEmpty();
      List<RuntimeException> failures = new ArrayList<>();
      standbys.values().forEach(standby -> close(standby::close, failures));
      standbys.clear();
      primaries.values().forEach(primary -> close(primary::close, failures));
      primaries.clear();
      if (had) {
        resting = atRest(before);
      }
      if (!failures.isEmpty()) {
        throw failures.getFirst();
      }
    } finally {
      changing.writeLock().unlock();
    }
  }

  private static CopyState copyOf(StandbyMirror standby) {
    try {
      return standby.copy();
    } catch (RuntimeException e) {
      return CopyState.unreadable(standby.name(), e);
    }
  }

  /** All are closed, also where one cannot be. */
  private static void close(Runnable closing, List<RuntimeException> failures) {
    try {
      closing.run();
    } catch (RuntimeException e) {
      failures.forEach(first -> first.addSuppressed(e));
      failures.add(e);
    }
  }

  /**
   * How all of them are.
   *
   * @param connected whether those that follow are connected
   * @param current whether they have all of which the primary told by now
   */
  record Seen(
      Map<String, CopyState> copies,
      List<MirrorView> primaries,
      List<MirrorView> standbys,
      boolean connected,
      boolean current) {}

  /** How they are; after a while of waiting as if they had no role, where that is changing. */
  Seen seen() {
    return look(PATIENCE).orElse(new Seen(Map.of(), List.of(), List.of(), false, false));
  }

  /** How they are now; empty while they change their role. */
  Optional<Seen> look() {
    return look(Duration.ZERO);
  }

  private Optional<Seen> look(Duration patience) {
    try {
      if (!changing.readLock().tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        return Optional.empty();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
    try {
      List<MirrorView> leads = primaries.values().stream().map(PrimaryMirror::view).toList();
      Map<String, CopyState> copies = new TreeMap<>();
      if (primaries.size() + standbys.size() < configured().size()) {
        copies.putAll(atRest());
      }
      leads.forEach(view -> copies.put(view.name(), CopyState.leading(view.position())));
      standbys.forEach((name, standby) -> copies.put(name, copyOf(standby)));
      return Optional.of(
          new Seen(
              copies,
              leads,
              standbys.values().stream().map(StandbyMirror::view).toList(),
              standbys.values().stream().allMatch(StandbyMirror::isConnected),
              standbys.values().stream().allMatch(StandbyMirror::hasAll)));
    } finally {
      changing.readLock().unlock();
    }
  }

  /** Nobody changes what rests; but what could not be read may be by now. */
  private Map<String, CopyState> atRest() {
    Map<String, CopyState> known = resting;
    boolean isKnown =
        known.size() == configured().size()
            && known.values().stream().noneMatch(s -> s.kind() == CopyState.Kind.UNREADABLE);
    if (!isKnown) {
      known = atRest(known);
      resting = known;
    }
    return known;
  }

  /**
   * @param before how each was while it followed; where it did not since the agent was started,
   *     nobody knows what its tree lacks
   */
  private Map<String, CopyState> atRest(Map<String, CopyState> before) {
    Map<String, CopyState> states = new TreeMap<>();
    for (Mirror mirror : configured()) {
      CopyState state = stateAtRest(mirror);
      CopyState last = before.get(mirror.name());
      states.put(mirror.name(), last == null ? state : state.after(last));
    }
    return states;
  }

  private CopyState stateAtRest(Mirror mirror) {
    try {
      return CopyState.read(settings(mirror));
    } catch (IOException e) {
      return CopyState.unreadable(mirror.name(), e);
    }
  }

  /**
   * Waits until all that was written before the call is durable here and on the standbys.
   *
   * @return what is missing; empty where nothing is
   */
  List<String> await(List<String> nodes, Duration timeout) throws InterruptedException {
    long started = System.nanoTime();
    List<String> missing = new ArrayList<>();
    // The socket answers before every mirror is open, and what is not open is not known to be safe.
    for (String name : configuration.get().mirrors().keySet()) {
      PrimaryMirror mirror = primaries.get(name);
      if (mirror == null) {
        missing.add("%s: mirror %s is being opened".formatted(self.name(), name));
        continue;
      }
      Duration left = timeout.minusNanos(System.nanoTime() - started);
      missing.addAll(mirror.await(nodes, left.isNegative() ? Duration.ZERO : left));
    }
    return missing;
  }

  private Collection<Mirror> configured() {
    return self.holdsData() ? configuration.get().mirrors().values() : List.of();
  }

  private MirrorSettings settings(Mirror mirror) throws IOException {
    Configuration current = configuration.get();
    Path mirrors = current.state().resolve("mirrors");
    WorkDirectories.createPrivate(mirrors);
    Path own = mirrors.resolve(mirror.name());
    WorkDirectories.createPrivate(own);
    String command = mirror.onChange();
    return new MirrorSettings(
        mirror.name(),
        current.pathOf(mirror, self),
        own,
        mirror.exclude(),
        current.guard().deletions(),
        current.guard().share(),
        current.guard().within(),
        command.isEmpty() ? null : command,
        processors,
        sweep,
        shared);
  }

  /** Serves a standby that subscribed, until its connection ends. */
  void serve(Link link, Frame.Subscribe subscribe) throws IOException, InterruptedException {
    PrimaryMirror mirror = primaries.get(subscribe.mirror());
    if (mirror == null) {
      link.close(
          "node %s is not the primary of a mirror \"%s\""
              .formatted(self.name(), subscribe.mirror()));
      return;
    }
    mirror.serve(link, subscribe);
  }

  /** The configuration was read again. */
  void change() {
    primaries.values().forEach(PrimaryMirror::tellShared);
    standbys.values().forEach(this::change);
  }

  private void change(StandbyMirror standby) {
    Mirror mirror = configuration.get().mirrors().get(standby.name());
    try {
      if (mirror != null) {
        standby.change(settings(mirror));
      }
    } catch (IOException e) {
      LOG.warn("mirror {}: its settings could not be changed: {}", standby.name(), e.getMessage());
    }
  }

  boolean isLeading() {
    return leading;
  }

  Map<String, PrimaryMirror> primaries() {
    return primaries;
  }

  Map<String, StandbyMirror> standbys() {
    return standbys;
  }

  @Override
  public void close() {
    changing.writeLock().lock();
    try {
      closed = true;
      rest();
    } finally {
      changing.writeLock().unlock();
      sweep.close();
    }
  }
}
