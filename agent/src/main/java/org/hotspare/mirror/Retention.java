package org.hotspare.mirror;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Position;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a primary remembers what was deleted, so that standbys which were away delete it too: a
 * week, and as long as fewer changes than {@link #CHANGES} came after it. Who was away for longer
 * compares everything instead.
 *
 * <p>Where the head was at which time is noted now and then in the index; what is forgotten is
 * remembered there in the same transaction.
 */
final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  static final Duration KEEP = Duration.ofDays(7);
  static final long CHANGES = 100_000;

  /** How often the head is noted. */
  static final Duration EVERY = Duration.ofHours(6);

  private static final String TABLE = "heads";

  private Retention() {}

  /**
   * Notes where the head is, and forgets the deletions that are old enough.
   *
   * @return up to where all are forgotten
   */
  static Position keep(IndexWriter index, long nowMillis, Duration keep, long changes) {
    Position upTo = index.forgotten();
    for (IndexReader.Note note : index.notes(TABLE)) {
      long millis = ByteBuffer.wrap(note.key().array()).getLong();
      Position head = Position.unpack(ByteBuffer.wrap(note.value().array()).getLong());
      boolean old = nowMillis - millis >= keep.toMillis();
      if (old && index.countChanges(head, index.head()) >= changes) {
        upTo = head.isAfter(upTo) ? head : upTo;
        index.putNote(TABLE, note.key(), null);
      }
    }
    index.putNote(TABLE, eight(nowMillis), eight(index.head().packed()));
    if (upTo.isAfter(index.forgotten())) {
      index.forgetTombstones(upTo);
    }
    return upTo;
  }

  /** {@link #keep} by the clock, in a transaction of its own. */
  static void forget(
      Index index, Durability durability, String mirror, Duration keep, long changes) {
    Position upTo =
        index.write(durability, w -> keep(w, System.currentTimeMillis(), keep, changes));
    LOG.debug("mirror {}: what was deleted up to {} is forgotten", mirror, upTo);
  }

  private static Bytes eight(long value) {
    return Bytes.wrap(ByteBuffer.allocate(8).putLong(value).array());
  }

  /** Whether a standby at that position can be told all that was deleted since. */
  static boolean covers(IndexReader index, Position position) {
    return !index.forgotten().isAfter(position);
  }
}
