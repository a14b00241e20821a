package org.hotspare.mirror;

import org.hotspare.index.Index;
import org.hotspare.index.IndexException;
import org.hotspare.index.IndexReader;
import org.hotspare.tree.Position;

/**
 * How far this node's copy of a mirror is.
 *
 * @param durable up to where all is on this node's disk
 * @param head the newest that may be
 * @param kind what it is
 * @param incomplete why it is no whole copy, or may be none; empty where it is one
 * @param crashed whether it was a primary's, and that did not stop cleanly
 */
public record CopyState(
    Position durable, Position head, Kind kind, String incomplete, boolean crashed) {
  private static final String NEVER_MADE = "nothing was ever copied to this node";

  /** What a copy is. */
  public enum Kind {
    /** There is none: nothing was ever copied, nor numbered. */
    NONE,
    /** Whether there is one cannot be told now. */
    UNREADABLE,
    /** A standby's, of which the first copy never ended. */
    UNFINISHED,
    /** A standby's that was not compared with what it should be since the agent was started. */
    UNCOMPARED,
    /** A standby's. */
    STANDBY,
    /** What a primary numbered. */
    PRIMARY
  }

  /** Of an index that nobody has open, in an agent that did not follow with it yet. */
  public static CopyState read(MirrorSettings settings) {
    String mirror = settings.name();
    try {
      return Index.peek(
              settings.indexFile(), (index, clean) -> of(mirror, index, clean, Kind.UNCOMPARED, ""))
          .orElse(absent(mirror, Kind.NONE, NEVER_MADE));
    } catch (IndexException e) {
      return unreadable(mirror, e);
    }
  }

  /** Of a primary's mirror. */
  public static CopyState leading(Position position) {
    return new CopyState(position, position, Kind.PRIMARY, "", false);
  }

  public static CopyState unreadable(String mirror, Exception e) {
    return absent(mirror, Kind.UNREADABLE, "cannot be read: " + e.getMessage());
  }

  private static CopyState absent(String mirror, Kind kind, String why) {
    return new CopyState(
        Position.NONE, Position.NONE, kind, "mirror %s: %s".formatted(mirror, why), false);
  }

  /**
   * As it is at rest, after it followed: where it was whole then, it is now. What made it less may
   * be over, and has to be looked for again.
   *
   * @param before how it was then
   */
  public CopyState after(CopyState before) {
    boolean known = before.kind == Kind.STANDBY && before.incomplete.isEmpty();
    return kind == Kind.UNCOMPARED && known
        ? new CopyState(durable, head, before.kind, "", crashed)
        : this;
  }

  /**
   * @param pending what a standby's tree may lack beside what the index says; empty where nothing
   */
  static CopyState of(String mirror, IndexReader index, boolean clean, String pending) {
    return of(mirror, index, clean, Kind.STANDBY, pending);
  }

  private static CopyState of(
      String mirror, IndexReader index, boolean clean, Kind standby, String pending) {
    if (!StandbyState.isStandby(index)) {
      return index.head().epoch() == 0
          ? absent(mirror, Kind.NONE, NEVER_MADE)
          : new CopyState(index.head(), index.head(), Kind.PRIMARY, "", !clean);
    }
    Kind kind = StandbyState.isComplete(index) ? standby : Kind.UNFINISHED;
    String why = incomplete(index, kind, pending);
    return new CopyState(
        StandbyState.position(index),
        index.head(),
        kind,
        why.isEmpty() ? "" : "mirror %s: the copy here %s".formatted(mirror, why),
        false);
  }

  private static String incomplete(IndexReader index, Kind kind, String pending) {
    if (kind == Kind.UNFINISHED) {
      return "was never complete";
    }
    long unmade = Shortfalls.unmade(index);
    if (unmade > 0) {
      return "lacks %,d entries that cannot be made on this node".formatted(unmade);
    }
    if (!OutOfReach.isEmpty(index)) {
      return "lacks what somebody moved away";
    }
    return kind == Kind.UNCOMPARED ? "was not compared with what it should be yet" : pending;
  }
}
