package org.hotspare.lease;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;
import org.hotspare.lease.proto.Write;
import org.hotspare.lease.proto.WriteResult;
import org.hotspare.tree.Bytes;
import org.hotspare.wire.Frame.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's record: a register that a majority of the members keeps, set only by comparing. It
 * is used when roles change and for nothing else; the lease, which is renewed all the time, writes
 * nothing here.
 *
 * <p>The engine is Apache Ratis, an implementation of Raft (Ongaro and Ousterhout, 2014), inside
 * this process and over the cluster's own links.
 */
public final class ClusterRecord implements AutoCloseable {
  /** A record is small, and so is what is left of the log before a snapshot. */
  private static final SizeInBytes SMALL = SizeInBytes.valueOf("64KB");

  /** More than is appended at once. */
  private static final SizeInBytes WRITE_BUFFER = SizeInBytes.valueOf("128KB");

  private static final int LARGEST_WRITE = 32 << 10;
  private static final long WRITES_PER_SNAPSHOT = 256;
  private static final Duration RETRY = Duration.ofMillis(50);

  /** The record after a number of writes. */
  public record Version(long number, Roles roles) {}

  /**
   * What became of an attempt to set it.
   *
   * @param written whether it was set by this attempt, though others may have set it since
   * @param record what it is after the attempt
   */
  public record Outcome(boolean written, Version record) {}

  /** Is told what befalls this member; must not block. */
  interface Listener {
    /** It learnt of a new version. */
    void changed(Version version);

    /** Its log cannot be written: it keeps the record no longer. */
    void logFailed();
  }

  /**
   * How long a member waits for its leader before it stands for election: a random time between
   * both. The leader is heard at least twice within the shortest.
   */
  public record Elections(Duration shortest, Duration longest) {
    private static final Elections QUICKEST =
        new Elections(Duration.ofMillis(400), Duration.ofMillis(800));

    private static final Elections SLOWEST =
        new Elections(Duration.ofMillis(700), Duration.ofMillis(1000));

    /**
     * They go on beside the lease. One that ends in a draw and is held again is over when a lease
     * of that duration has run out, if that is no shorter than the default.
     */
    public static Elections beside(Duration lease) {
      return lease.compareTo(SLOWEST.longest.multipliedBy(2)) < 0 ? QUICKEST : SLOWEST;
    }
  }

  /** A write of what never was changes nothing, and is answered as every write. */
  private static final long NO_VERSION = -1;

  private static final Logger LOG = LoggerFactory.getLogger(ClusterRecord.class);

  /** As long as two writes in a row may take. */
  private static final Duration STUCK = Duration.ofSeconds(2);

  private final RaftServer server;
  private final RaftGroupId group;
  private final KnownRecord known;
  private final Peers peers;
  private final String self;
  private final Founding founding;

  /** When the first of the writes began that came to nothing here, as the leader; else zero. */
  private final AtomicLong stuckSinceNanos = new AtomicLong();

  private ClusterRecord(
      RaftServer server,
      RaftGroupId group,
      KnownRecord known,
      Peers peers,
      String self,
      Founding founding) {
    this.server = server;
    this.group = group;
    this.known = known;
    this.peers = peers;
    this.self = self;
    this.founding = founding;
  }

  /**
   * Starts this member's part.
   *
   * @param founding of which this node is a member
   * @param directory this member's own, durable: its votes and its log
   * @param known what this member knew before
   */
  static ClusterRecord start(
      String cluster,
      String self,
      Founding founding,
      Path directory,
      KnownRecord known,
      Elections elections,
      Peers peers,
      Listener listener)
      throws IOException {
    String name = cluster + founding.name();
    RaftGroupId group =
        RaftGroupId.valueOf(UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)));
    RecordMachine machine =
        new RecordMachine(
            founding.begun(),
            new Listener() {
              @Override
              public void changed(Version version) {
                known.learn(version);
                listener.changed(version);
              }

              @Override
              public void logFailed() {
                listener.logFailed();
              }
            });
    RaftServer server =
        RaftServer.newBuilder()
            .setServerId(RaftPeerId.valueOf(self))
            .setGroup(
                RaftGroup.valueOf(
                    group,
                    founding.members().stream()
                        .map(member -> RaftPeer.newBuilder().setId(member).build())
                        .toList()))
            .setStateMachine(machine)
            .setProperties(properties(directory, elections))
            .setParameters(PeerRpc.parameters(peers))
            .setOption(RaftStorage.StartupOption.RECOVER)
            .build();
    try {
      server.start();
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return new ClusterRecord(server, group, known, peers, self, founding);
  }

  private static RaftProperties properties(Path directory, Elections elections) {
    RaftProperties properties = new RaftProperties();
    RaftConfigKeys.Rpc.setType(properties, new PeerRpc());
    RaftServerConfigKeys.setStorageDir(properties, List.of(directory.toFile()));
    RaftServerConfigKeys.Rpc.setTimeoutMin(properties, time(elections.shortest));
    RaftServerConfigKeys.Rpc.setTimeoutMax(properties, time(elections.longest));
    RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SMALL);
    RaftServerConfigKeys.Log.setPreallocatedSize(properties, SMALL);
    RaftServerConfigKeys.Log.setWriteBufferSize(properties, WRITE_BUFFER);
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
    RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, SMALL);
    RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(properties, SMALL);
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
    RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, WRITES_PER_SNAPSHOT);
    // A process that was stopped for a while goes on.
    RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(365, TimeUnit.DAYS));
    RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
    return properties;
  }

  private static TimeDuration time(Duration duration) {
    return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * The newest version that this member knows of, also from before it was started; a majority may
   * have a newer one.
   */
  public Version current() {
    return known.version();
  }

  /**
   * The newest version that a majority has.
   *
   * @throws IOException as {@link #compareAndSet}
   */
  public Version read(Duration patience) throws IOException, InterruptedException {
    return compareAndSet(NO_VERSION, Roles.NONE, patience).record();
  }

  /** Who decides on writes, as far as this member knows. */
  Optional<String> leader() throws IOException {
    return Optional.ofNullable(server.getDivision(group).getInfo().getLeaderId())
        .map(RaftPeerId::toString);
  }

  /**
   * Sets the record where it still has that version. What it answers this member knows durably, as
   * far as its disk can.
   *
   * @param patience how long a leader and a majority may take to be found
   * @throws IOException if no majority answered in time: whether it was set is not known then, and
   *     trying again is safe
   */
  public Outcome compareAndSet(long version, Roles roles, Duration patience)
      throws IOException, InterruptedException {
    Write write =
        Write.newBuilder()
            .setVersion(version)
            .setToken(ThreadLocalRandom.current().nextLong())
            .setFounding(founding.name())
            .setRoles(RecordCodec.encode(roles))
            .build();
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        Outcome outcome = outcome(submit(write.toByteArray()));
        // The engine applies it here only when it hears that a majority has it.
        known.learn(outcome.record());
        return outcome;
      } catch (IOException e) {
        if (System.nanoTime() - deadline >= 0) {
          throw new IOException(
              "no majority set the cluster's record within %d ms: %s"
                  .formatted(patience.toMillis(), e.getMessage()),
              e);
        }
      }
      Thread.sleep(RETRY);
    }
  }

  private static Outcome outcome(WriteResult result) {
    return new Outcome(result.getWritten(), RecordCodec.decode(result.getRecord()));
  }

  private WriteResult submit(byte[] write) throws IOException {
    String node = leader().orElseThrow(() -> new IOException("there is no leader"));
    return node.equals(self)
        ? write(write)
        : WriteResult.parseFrom(peers.call(node, Subject.WRITE, Bytes.wrap(write)).array());
  }

  /** As the leader. */
  private WriteResult write(byte[] write) throws IOException {
    requireValid(write);
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(ClientId.randomId())
            .setServerId(server.getId())
            .setGroupId(group)
            .setCallId(1)
            .setMessage(Message.valueOf(ByteString.copyFrom(write)))
            .setType(RaftClientRequest.writeRequestType())
            .build();
    long begun = System.nanoTime();
    RaftClientReply reply;
    try {
      reply = server.submitClientRequestAsync(request).get(1, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      resignIfStuck(begun);
      throw new IOException("no majority has it yet", e);
    } catch (ExecutionException e) {
      throw new IOException(Objects.requireNonNull(e.getCause()).getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (reply.getLeaderNotReadyException() != null) {
      resignIfStuck(begun);
    }
    if (!reply.isSuccess()) {
      throw new IOException(String.valueOf(reply.getException()));
    }
    stuckSinceNanos.set(0);
    return WriteResult.parseFrom(reply.getMessage().getContent().asReadOnlyByteBuffer());
  }

  /**
   * A leader whose disk hangs is still heard by the others, which have each write, and would stay
   * the leader; but it does not learn itself of what they agreed on, and answers nobody.
   */
  private void resignIfStuck(long begun) throws IOException {
    long since = stuckSinceNanos.updateAndGet(before -> before == 0 ? begun : before);
    if (System.nanoTime() - since < STUCK.toNanos()) {
      return;
    }
    stuckSinceNanos.set(0);
    LOG.info("this node leads the cluster's record no longer: it cannot write it itself");
    RaftPeerId anybody = null;
    var _ =
        server
            .transferLeadershipAsync(
                new TransferLeadershipRequest(
                    ClientId.randomId(), server.getId(), group, 1, anybody, STUCK.toMillis()))
            .exceptionally(
                failed -> {
                  LOG.warn("the lead of the cluster's record could not be given up", failed);
                  return null;
                });
  }

  /** What is in the log every member has to apply. */
  private void requireValid(byte[] content) throws IOException {
    try {
      Write write = Write.parseFrom(content);
      var _ = RecordCodec.decode(write.getRoles());
      if (!write.getFounding().equals(founding.name())) {
        throw new IOException("another record of this cluster is meant");
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("a write that breaks the rules: " + e.getMessage(), e);
    }
    if (content.length > LARGEST_WRITE) {
      throw new IOException("a write of " + content.length + " bytes");
    }
  }

  /** What this member says to another one's call. */
  public Bytes answer(String from, Subject subject, Bytes content) throws IOException {
    if (!founding.members().contains(from)) {
      throw new IOException("node " + from + " is no member of this cluster's record");
    }
    return subject == Subject.WRITE
        ? Bytes.wrap(write(content.array()).toByteArray())
        : PeerRpc.answer(server, from, subject, content);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
