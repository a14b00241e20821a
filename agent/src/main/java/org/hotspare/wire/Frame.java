package org.hotspare.wire;

import java.nio.ByteBuffer;
import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.Entry.RegularFile;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/**
 * What one agent says to another. A frame is a protobuf header and, for those that carry file
 * content, a payload of raw bytes; {@code docs/protocol.md} shows who may say what when.
 */
public sealed interface Frame {
  // ---- any connection

  /** The first frame of whoever connected. */
  record Hello(int lowestProtocol, int highestProtocol, String cluster, String node, String version)
      implements Frame {}

  /** The answer to {@link Hello}: the protocol both speak from now on. */
  record Welcome(int protocol, String node, String version) implements Frame {}

  /** The last frame before the sender closes the connection: why. */
  record Refused(String reason) implements Frame {}

  /**
   * Asks for a {@link Pong}.
   *
   * @param work another number than in the ping before where the sender's own work went on since
   */
  record Ping(long token, long work) implements Frame {}

  record Pong(long token) implements Frame {}

  // ---- a standby and its primary

  /**
   * A standby asks for all changes of a mirror after what it has.
   *
   * @param history identifies the history that its index belongs to; empty where it has none
   * @param position what it holds durably
   * @param completeCopy whether its first copy is complete
   * @param emptyTree whether its tree has no entry yet
   */
  record Subscribe(
      String mirror,
      Bytes history,
      Position position,
      Lineage lineage,
      boolean completeCopy,
      boolean emptyTree)
      implements Frame {}

  /** How a subscription, or one cut, goes. */
  enum Mode {
    /** All rows of a mirror with their content, to a standby whose tree is empty. */
    FIRST_COPY,
    /** The rows that changed, with their content. */
    CHANGES,
    /**
     * All rows without content: the standby compares, and asks with {@link Want} for what it lacks.
     */
    INVENTORY
  }

  record Subscribed(Bytes history, long epoch, Lineage lineage, Mode mode) implements Frame {}

  /**
   * Starts a cut: all that changed after {@code from} and up to {@code to}.
   *
   * @param rows how many rows the standby has after it or, of changes, how many follow: an estimate
   *     for showing progress; 0 while the primary still reads its tree
   * @param bytes how much content the primary's files behind these rows have, an estimate as well
   */
  record CutBegin(long epoch, Position from, Position to, Mode mode, long rows, long bytes)
      implements Frame {}

  /** Rows of the cut under way. The literals of all their contents lie in the payload, in order. */
  record Rows(List<Row> rows, ByteBuffer payload) implements Frame {
    public Rows {
      rows = List.copyOf(rows);
    }
  }

  /**
   * More of a file whose content did not fit the frame with its row.
   *
   * @param finished the file as it was read to its end, with its digest, in the last part; null
   *     before
   */
  record ContentPart(
      EntryId id, List<DeltaOp> ops, ByteBuffer payload, @Nullable RegularFile finished)
      implements Frame {
    public ContentPart {
      ops = List.copyOf(ops);
    }
  }

  /** The file whose content was under way could not be read to its end; a later cut brings it. */
  record ContentAborted(EntryId id, String reason) implements Frame {}

  /**
   * All rows of the cut whose version is at most {@code through} were sent: where it may be
   * resumed.
   */
  record CutReached(Position through) implements Frame {}

  record CutEnd(Position to) implements Frame {}

  /** The standby holds all changes up to {@code position} durably. */
  record Ack(Position position) implements Frame {}

  /**
   * The standby asks for these entries anew, with names and content: it lacks them or lost them.
   */
  record Want(List<EntryId> ids) implements Frame {
    public Want {
      ids = List.copyOf(ids);
    }
  }

  /** A path that could not be mirrored, and why. */
  record PathProblem(Bytes path, String reason) {}

  /**
   * What the standby shows of itself in the primary's status.
   *
   * @param state one of the states of a mirror
   * @param held what it holds back and asks about, in words; null where nothing
   * @param problems the first few
   * @param unmade how many entries lack content or a name there, because it could not be made
   */
  record Report(
      String state,
      long entries,
      long bytes,
      @Nullable String held,
      List<PathProblem> problems,
      long problemCount,
      long unmade)
      implements Frame {
    public Report {
      problems = List.copyOf(problems);
    }
  }

  /** An operator's answer to what is held. */
  enum Decision {
    APPROVE,
    /** What is held comes back to the primary. */
    REJECT,
    /** The primary's root is gone: the whole tree comes back to it. */
    REFILL
  }

  /**
   * @param validSeconds how long an approval also covers what comes
   */
  record Decide(Decision decision, long validSeconds) implements Frame {}

  /**
   * From the standby, after {@link Decision#REJECT} or {@link Decision#REFILL}: an entry to bring
   * back to the primary's tree; of a directory that is still there, its time.
   *
   * @param id what the entry was when it was on both sides
   * @param linked whether the file has several names, each of which comes in a frame of its own
   * @param complete whether no more content follows
   */
  record Restore(
      RelPath path,
      EntryId id,
      boolean linked,
      Entry entry,
      List<DeltaOp> ops,
      ByteBuffer payload,
      boolean complete)
      implements Frame {
    public Restore {
      ops = List.copyOf(ops);
    }
  }

  record RestoreEnd(long entries) implements Frame {}

  /** From the primary: all restored entries are durable in its tree. */
  record RestoreDone(long entries, long failed) implements Frame {}

  /** Asks the other side to compare the content on its disk with what its index says. */
  record VerifyRequest(boolean repair) implements Frame {}

  record VerifyReply(long entries, long bytes, List<PathProblem> differences, long differenceCount)
      implements Frame {
    public VerifyReply {
      differences = List.copyOf(differences);
    }
  }

  /** A key of the configuration that has to be equal on all nodes, and a hash of its value. */
  record ConfiguredKey(String name, long hash) {}

  /**
   * How the sender is configured, in what has to be equal on all nodes: after subscribing or being
   * subscribed to, and whenever it changes.
   */
  record Configured(List<ConfiguredKey> keys) implements Frame {
    public Configured {
      keys = List.copyOf(keys);
    }
  }

  // ---- members of the cluster, about its record

  /** What a call is about: the first four are those of Raft, the engine of the record. */
  enum Subject {
    VOTE,
    APPEND,
    SNAPSHOT,
    ELECTION,
    /** The leader is to compare and set the record. */
    WRITE,
    /** Both tell each other how they are. */
    REPORT
  }

  /**
   * Asks for one {@link Answered} or {@link CallFailed} with the same number, in whatever order.
   *
   * @param content what it means depends on the subject
   */
  record Call(long id, Subject subject, Bytes content) implements Frame {}

  record Answered(long id, Bytes content) implements Frame {}

  record CallFailed(long id, String reason) implements Frame {}

  // ---- members of the cluster, about the lease

  /**
   * What the members of a cluster say to each other about the lease. Frames may be lost and, over
   * several connections, overtake each other.
   */
  sealed interface Lease extends Frame {
    /** The epoch that it is about. */
    long epoch();

    /**
     * The holder of the epoch renews its lease, for the {@code round}th time.
     *
     * @param durationMillis of the lease, as the holder counts: only those who count the same may
     *     acknowledge it
     */
    record Renewal(long epoch, long round, long durationMillis) implements Lease {}

    /** A voter acknowledges a renewal. */
    record Renewed(long epoch, long round) implements Lease {}

    /**
     * A voter does not acknowledge a renewal.
     *
     * @param known the highest epoch that it endorsed or acknowledged
     */
    record Superseded(long epoch, long known) implements Lease {}

    /**
     * A candidate asks to be endorsed for the epoch.
     *
     * @param trial whether it only asks if it would be: nothing changes at the voter
     * @param over holders of this epoch and of those before it are known to be off, since a fence
     *     said so; 0 where none is
     * @param durationMillis of the lease, as the candidate counts
     */
    record Ballot(long epoch, boolean trial, long over, long durationMillis) implements Lease {}

    /**
     * A voter's answer to a ballot.
     *
     * @param known the highest epoch that it endorsed or acknowledged
     * @param durationMillis of the lease, as the voter counts
     */
    record Vote(long epoch, boolean trial, boolean endorsed, long known, long durationMillis)
        implements Lease {}

    /** The holder of the epoch has closed its gate and holds no longer. */
    record Release(long epoch) implements Lease {}
  }

  // ---- admission, on a connection without a client certificate

  /** A new node asks to be let in. {@code request} is a PKCS#10 certificate request in DER. */
  record Join(String node, Bytes secret, Bytes request) implements Frame {}

  /**
   * @param certificate the new node's certificate, DER
   * @param authority the cluster's own authority, DER
   * @param authorityKey its private key, PKCS#8 DER; empty for a node that holds no data
   * @param configuration the cluster's configuration file
   */
  record Joined(Bytes certificate, Bytes authority, Bytes authorityKey, Bytes configuration)
      implements Frame {}

  /** A node asks for a fresh certificate before its own runs out. */
  record Renew(Bytes request) implements Frame {}

  record Renewed(Bytes certificate) implements Frame {}
}
