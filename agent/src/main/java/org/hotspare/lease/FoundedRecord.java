package org.hotspare.lease;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hotspare.tree.Bytes;
import org.hotspare.wire.DurableFile;
import org.hotspare.wire.Frame.Subject;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's record by which this node goes: of one {@link Founding}, and from a moment on of
 * another. Each has a directory and an engine of its own.
 *
 * <p>Invariant: the founding counts that is in the file. Before it is written nothing of it is told
 * and nothing is done by it; once it is, nothing of the one before is taken for the record, nor
 * written to it.
 */
public final class FoundedRecord implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FoundedRecord.class);

  /**
   * Between the failure of a log and the next attempt, so that a full disk is not all there is to
   * do.
   */
  private static final Duration REST = Duration.ofSeconds(1);

  /** Is told what is the case; must not block. */
  public interface Listener {
    /**
     * Another founding counts: before anything of its record is told.
     *
     * @param adopted whether another node founded it
     */
    void founded(Founding founding, boolean adopted);

    /** A newer version is known, or one of another founding. */
    void changed(Founding founding, ClusterRecord.Version version);
  }

  /**
   * What this node has of a record.
   *
   * @param running null where this node is no member, and until it takes part
   * @param confirmed whether a majority told it since this agent was started
   */
  private record Part(
      Founding founding, KnownRecord known, @Nullable ClusterRecord running, boolean confirmed) {
    Part with(@Nullable ClusterRecord other) {
      return new Part(founding, known, other, confirmed);
    }
  }

  /** Makes one founding out of the newest version of the one before. */
  private interface Next {
    Founding after(ClusterRecord.Version last) throws IOException;
  }

  private final String cluster;
  private final String self;
  private final Path state;
  private final ClusterRecord.Elections elections;
  private final Peers peers;
  private final Listener listener;
  private final FoundingFile file;
  private final Object telling = new Object();
  private final AtomicBoolean beginning = new AtomicBoolean();

  /** Changed under this object's lock. */
  private volatile Part part;

  /** Guarded by this. */
  private boolean closed;

  private FoundedRecord(
      String cluster,
      String self,
      Path state,
      ClusterRecord.Elections elections,
      Peers peers,
      Listener listener,
      FoundingFile file,
      Founding founding) {
    this.cluster = cluster;
    this.self = self;
    this.state = state;
    this.elections = elections;
    this.peers = peers;
    this.listener = listener;
    this.file = file;
    this.part = new Part(founding, known(state, founding), null, false);
  }

  private static Path directory(Path state, Founding founding) {
    return state.resolve("record" + founding.name());
  }

  private static KnownRecord known(Path state, Founding founding) {
    return new KnownRecord(state.resolve("known-record" + founding.name()), founding.begun());
  }

  /**
   * What this node remembers; takes part only once {@link #start}ed.
   *
   * @param voters who keeps the first record
   * @param state the directory in which all that belongs to it is kept
   * @throws IOException if it cannot be read by which founding this node goes
   */
  public static FoundedRecord open(
      String cluster,
      String self,
      Set<String> voters,
      Path state,
      ClusterRecord.Elections elections,
      Peers peers,
      Listener listener)
      throws IOException {
    FoundingFile file = new FoundingFile(state.resolve("founding"));
    return new FoundedRecord(
        cluster, self, state, elections, peers, listener, file, file.read(Founding.first(voters)));
  }

  /** Takes part where this node is a member. */
  public void start() throws IOException {
    if (isMember()) {
      var _ = running();
    }
  }

  // ---- what is the case; waits for nothing

  public Founding founding() {
    return part.founding;
  }

  public boolean isMember() {
    return founding().members().contains(self);
  }

  /** See {@link ClusterRecord#current}. Where this node is no member, what it was told. */
  public ClusterRecord.Version current() {
    return part.known.version();
  }

  /** Whether a majority of the members told it since this agent was started. */
  public boolean isConfirmed() {
    return part.confirmed;
  }

  // ---- the record

  /**
   * See {@link ClusterRecord#read}.
   *
   * @throws IOException also where this node is no member
   */
  public ClusterRecord.Version read(Duration patience) throws IOException, InterruptedException {
    ClusterRecord asked = running();
    ClusterRecord.Version newest = asked.read(patience);
    confirm(asked);
    return newest;
  }

  private synchronized void confirm(ClusterRecord asked) {
    Part now = part;
    if (now.running == asked) {
      part = new Part(now.founding, now.known, asked, true);
    }
  }

  /** See {@link ClusterRecord#compareAndSet} and {@link #read}. */
  public ClusterRecord.Outcome compareAndSet(long version, Roles roles, Duration patience)
      throws IOException, InterruptedException {
    return running().compareAndSet(version, roles, patience);
  }

  /** See {@link ClusterRecord#answer}. */
  public Bytes answer(String from, Subject subject, Bytes content) throws IOException {
    return running().answer(from, subject, content);
  }

  Optional<String> leader() throws IOException {
    return running().leader();
  }

  private ClusterRecord running() throws IOException {
    ClusterRecord running = part.running;
    return running == null ? begin() : running;
  }

  private synchronized ClusterRecord begin() throws IOException {
    Part now = part;
    if (now.running != null) {
      return now.running;
    }
    if (closed) {
      throw new IOException("the agent ends");
    }
    if (!isMember()) {
      throw new IOException(
          "the record is kept by " + String.join(", ", now.founding.members()) + " alone");
    }
    Path directory = directory(state, now.founding);
    DurableFile.createDirectory(directory);
    ClusterRecord begun =
        ClusterRecord.start(
            cluster,
            self,
            now.founding,
            directory,
            now.known,
            elections,
            peers,
            new ClusterRecord.Listener() {
              @Override
              public void changed(ClusterRecord.Version version) {
                tell(now.founding, version);
              }

              @Override
              public void logFailed() {
                beginAgain(now.founding);
              }
            });
    part = now.with(begun);
    return begun;
  }

  /** An engine whose log failed, as on a full disk, never writes again: another one goes on. */
  private void beginAgain(Founding of) {
    if (!beginning.compareAndSet(false, true)) {
      return;
    }
    Thread.ofPlatform()
        .daemon()
        .name("record-again")
        .start(
            () -> {
              try {
                Thread.sleep(REST);
                beginning.set(false);
                replaceEngine(of);
              } catch (IOException e) {
                // Whoever needs it next tries again.
                LOG.warn("this node's part in the record cannot go on yet: {}", e.getMessage());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private synchronized void replaceEngine(Founding of) throws IOException {
    Part now = part;
    if (closed || now.running == null || !now.founding.equals(of)) {
      return;
    }
    part = now.with(null);
    now.running.close();
    var _ = begin();
    LOG.info("this node's part in the record goes on");
  }

  /** Nothing is told of a founding after another one was. */
  private void tell(Founding of, ClusterRecord.Version version) {
    synchronized (telling) {
      if (part.founding.equals(of)) {
        listener.changed(of, version);
      }
    }
  }

  // ---- another founding

  /**
   * This node keeps the record alone from now on: all others are said to be off.
   *
   * @param version of which the record has to be still, as this node knows it
   * @param nowSeconds of the wall clock, since 1970, for people
   * @return whether it is
   */
  public synchronized boolean foundAlone(long version, Roles roles, long nowSeconds)
      throws IOException {
    if (current().number() != version) {
      return false;
    }
    change(
        last ->
            Founding.of(
                self,
                Set.of(self),
                new ClusterRecord.Version(last.number() + 1, roles),
                nowSeconds),
        false);
    return true;
  }

  /**
   * This node, which kept it alone, shares it again.
   *
   * @param voters who keeps it from now on; each of them goes by this node's founding
   * @param nowSeconds of the wall clock, since 1970, for people
   */
  public void share(Set<String> voters, long nowSeconds) throws IOException {
    change(
        last ->
            Founding.of(
                self,
                new TreeSet<>(voters),
                new ClusterRecord.Version(last.number() + 1, last.roles().withVoters(voters)),
                nowSeconds),
        false);
  }

  /** Goes by what another node founded. */
  public void adopt(Founding founding) throws IOException {
    change(_ -> founding, true);
  }

  /** Where that fails, all is as before. */
  private synchronized void change(Next next, boolean adopted) throws IOException {
    Part before = part;
    // What is written from here on fails, and what was written is in what is known.
    part = before.with(null);
    if (before.running != null) {
      before.running.close();
    }
    Founding founding = next.after(before.known.version());
    write(founding, before.founding);
    listener.founded(founding, adopted);
    KnownRecord known = known(state, founding);
    synchronized (telling) {
      part = new Part(founding, known, null, !adopted);
    }
    tell(founding, known.version());
    try {
      start();
    } catch (IOException e) {
      LOG.warn("this node's part in the record cannot begin yet: {}", e.getMessage());
    }
  }

  /** What the file holds counts, also where it could not be said whether that is durable. */
  private void write(Founding founding, Founding before) throws IOException {
    try {
      file.write(founding);
    } catch (IOException e) {
      if (!file.read(before).isSame(founding)) {
        throw e;
      }
      LOG.warn("the founding of a record may not outlive a loss of power: {}", e.getMessage());
    }
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    ClusterRecord running = part.running;
    if (running != null) {
      running.close();
    }
  }
}
