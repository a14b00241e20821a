package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.hotspare.index.Index;
import org.hotspare.index.Snapshot;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.hotspare.watch.Problems;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.Tracker;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one standby everything that changes in one mirror, cut by cut. A cut is read from one
 * snapshot of the index, so that it is a state which the index had; the standby acknowledges it as
 * a whole.
 *
 * <p>While two cuts of changes are not acknowledged, the next one waits: what changes meanwhile
 * comes in it as a whole, and what a standby lacks stays as little as it takes to put two in place.
 * Sent at once, cuts that are slower put in place than sent would wait at the standby, more and
 * more.
 *
 * <p>The sending thread owns {@code position}; acknowledgements and requests arrive on the link's
 * reading thread and are guarded by this object's lock.
 */
final class Sender {
  private static final Logger LOG = LoggerFactory.getLogger(Sender.class);

  /** A standby may ask for entries that are gone by now: for so many more than there are. */
  private static final long WANTED_BEYOND = 1 << 18;

  /**
   * For each cut more than one that is not acknowledged. Then the next comes all the same: what it
   * brings may be what the standby waits for.
   */
  private static final long PACED_AT_MOST_NANOS = 1_000_000_000;

  private final Link link;
  private final String mirror;
  private final Index index;
  private final Tracker tracker;
  private final ContentLoader loader;
  private final ExecutorService readers;
  private final Problems problems;

  private Position position;
  private Frame.Mode mode;

  private final Set<EntryId> wanted = new LinkedHashSet<>();
  private Position acknowledged = Position.NONE;

  /** What the standby can have at most: what it began with, and the cuts that were sent. */
  private Position sent;

  /** The ends of the cuts that were sent and are not acknowledged. */
  private final Deque<Position> unacknowledged = new ArrayDeque<>();

  /** When the last cut was sent. */
  private long sentNanos;

  /** The end of an inventory that was sent; null while none was. */
  private @Nullable Position inventory;

  private boolean complete;
  private boolean changed = true;
  private boolean closed;

  /**
   * @param from the changes that the standby has
   * @param mode how the first cut goes
   */
  Sender(
      Link link,
      String mirror,
      Index index,
      Tracker tracker,
      ExecutorService readers,
      Problems problems,
      Position from,
      Frame.Mode mode,
      ProcessorLimit processors) {
    this.link = link;
    this.mirror = mirror;
    this.index = index;
    this.tracker = tracker;
    this.loader = new ContentLoader(tracker, index, processors);
    this.readers = readers;
    this.problems = problems;
    this.position = from;
    this.mode = mode;
    this.sent = from;
    this.complete = mode == Frame.Mode.CHANGES;
  }

  /** Sends cuts until the connection ends. */
  void run() throws IOException, InterruptedException {
    if (mode == Frame.Mode.INVENTORY) {
      awaitFirstScan();
    }
    while (awaitWork()) {
      boolean scanned = tracker.isFirstScanDone();
      try (Snapshot snapshot = index.snapshot()) {
        sendCut(snapshot, scanned);
      }
      if (mode == Frame.Mode.INVENTORY || (mode == Frame.Mode.FIRST_COPY && scanned)) {
        mode = Frame.Mode.CHANGES;
        wake();
      }
    }
  }

  /** An inventory of half a tree would have the standby set aside the other half. */
  private synchronized void awaitFirstScan() throws InterruptedException {
    while (!closed && !tracker.isFirstScanDone()) {
      wait(100);
    }
  }

  synchronized void wake() {
    changed = true;
    notifyAll();
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }

  private synchronized boolean awaitWork() throws InterruptedException {
    while (!closed && (isComparing() || (!changed && wanted.isEmpty()))) {
      wait();
    }
    long left = pacedNanos();
    while (!closed && left > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = pacedNanos();
    }
    changed = false;
    return !closed;
  }

  /** For how long the next cut waits for acknowledgements. What was asked for waits for none. */
  private long pacedNanos() {
    int open = unacknowledged.size();
    boolean paced = mode == Frame.Mode.CHANGES && wanted.isEmpty() && open > 1;
    return paced ? sentNanos + (open - 1) * PACED_AT_MOST_NANOS - System.nanoTime() : 0;
  }

  /**
   * Comparing an inventory may take hours, and the standby connects again after it: what was sent
   * meanwhile would wait, with the index's snapshot, for nothing.
   */
  private boolean isComparing() {
    return inventory != null && inventory.isAfter(acknowledged);
  }

  /**
   * @throws ProtocolException if it asks for more than there can be
   */
  void want(List<EntryId> ids) throws ProtocolException {
    long most;
    try (Snapshot snapshot = index.snapshot()) {
      most = snapshot.counts().entries() + WANTED_BEYOND;
    }
    synchronized (this) {
      wanted.addAll(ids);
      if (wanted.size() > most) {
        throw new ProtocolException(
            "%,d entries are asked for, of a mirror that has fewer".formatted(wanted.size()));
      }
      notifyAll();
    }
  }

  /**
   * @throws ProtocolException for a position that was not sent, or behind an earlier one
   */
  synchronized void acknowledge(Position upTo) throws ProtocolException {
    if (upTo.isAfter(sent)) {
      throw new ProtocolException(
          "position %s is acknowledged, of which only %s was sent".formatted(upTo, sent));
    }
    if (acknowledged.isAfter(upTo)) {
      throw new ProtocolException(
          "position %s is acknowledged after %s".formatted(upTo, acknowledged));
    }
    acknowledged = upTo;
    while (!unacknowledged.isEmpty() && !unacknowledged.getFirst().isAfter(upTo)) {
      unacknowledged.removeFirst();
    }
    notifyAll();
  }

  private synchronized void sending(Position upTo) {
    sent = upTo;
    unacknowledged.addLast(upTo);
    sentNanos = System.nanoTime();
    if (mode == Frame.Mode.INVENTORY) {
      inventory = upTo;
    }
  }

  /** What the standby holds durably. */
  synchronized Position acknowledged() {
    return acknowledged;
  }

  /** Whether the standby has had its first copy. */
  synchronized boolean isComplete() {
    return complete;
  }

  private synchronized List<EntryId> takeWanted() {
    List<EntryId> taken = new ArrayList<>(wanted);
    wanted.clear();
    return taken;
  }

  /**
   * @param scanned whether the tree was read to its end before the snapshot
   */
  private void sendCut(Snapshot snapshot, boolean scanned) throws IOException {
    Position to = snapshot.head();
    List<EntryId> asked = takeWanted();
    boolean nothing =
        to.equals(position) && asked.isEmpty() && mode == Frame.Mode.CHANGES && isComplete();
    if (nothing) {
      return;
    }
    boolean inventory = mode == Frame.Mode.INVENTORY;
    if (!position.equals(Position.NONE) && !Retention.covers(snapshot, position)) {
      throw new IOException("it is so far behind that what was deleted since is forgotten");
    }
    boolean changes = mode == Frame.Mode.CHANGES;
    // Half a tree says nothing of the whole.
    boolean known = scanned || mode != Frame.Mode.FIRST_COPY;
    long rows =
        changes ? snapshot.countChanges(position, to) : known ? 2 * snapshot.counts().entries() : 0;
    long bytes = changes || !known ? 0 : snapshot.counts().bytes();
    link.send(new Frame.CutBegin(to.epoch(), position, to, mode, rows, bytes));
    CutWriter writer = new CutWriter(link, snapshot, index, loader, readers, problems, inventory);
    CutOrder order = new CutOrder(snapshot, position, to, writer);
    try {
      if (inventory) {
        order.everything();
      } else {
        order.changes();
      }
      order.wanted(asked);
      writer.finish();
    } catch (CutWriter.Failed failed) {
      throw failed.reason();
    }
    sending(to);
    link.send(new Frame.CutEnd(to));
    link.flush();
    LOG.debug("mirror {}: sent {} to {}, {}", mirror, position, to, mode);
    position = to;
    if (mode == Frame.Mode.CHANGES) {
      markComplete();
    }
  }

  private synchronized void markComplete() {
    complete = true;
  }
}
