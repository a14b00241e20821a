package org.hotspare.mirror;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.LastRead;
import org.hotspare.index.Snapshot;
import org.hotspare.tree.EntryId;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators decide about deletions that a standby holds, for as long as one connection lasts:
 * they are made, or what they would take goes back to the primary. Owned by the applying thread.
 */
final class HeldDeletions {
  private static final Logger LOG = LoggerFactory.getLogger(HeldDeletions.class);

  private final String mirror;
  private final MirrorRoot root;
  private final Index index;
  private final Guard guard;
  private final Removals removals;
  private final MirrorNews news;
  private final Link link;
  private final Conversation conversation;
  private final Applier applier;
  private final LastRead<Boolean> allCameAgain =
      new LastRead<>(read -> Holding.isReturned(read) && Holding.isEmpty(read));

  private volatile boolean restoring;

  /** Entries of the restoration that could not be read here. */
  private long unreadable;

  HeldDeletions(
      MirrorRoot root,
      Index index,
      Guard guard,
      Removals removals,
      MirrorNews news,
      Link link,
      Conversation conversation,
      Applier applier) {
    this.mirror = root.mirror();
    this.root = root;
    this.index = index;
    this.guard = guard;
    this.removals = removals;
    this.news = news;
    this.link = link;
    this.conversation = conversation;
    this.applier = applier;
  }

  /** Whether entries are on their way back to the primary. Any thread may ask. */
  boolean isRestoring() {
    return restoring;
  }

  /**
   * @param validMillis for how long deletions that would be held are let through as well, where
   *     they are approved
   */
  void decide(Frame.Decision decision, long validMillis) throws IOException {
    switch (decision) {
      case APPROVE -> {
        guard.approve(validMillis);
        if (isHolding()) {
          applier.ask(release(root, index, UnaryOperator.identity(), guard, removals));
          news.tell(mirror, MirrorNews.Topic.HELD, "approved: " + made());
        }
      }
      case REJECT -> {
        if (restoring) {
          LOG.info("mirror {}: rejected again while what is held goes back", mirror);
        } else if (isHolding()) {
          bringBack("rejected: what was held goes back", false);
        } else {
          answerThatNothingIsHeld();
        }
      }
      case REFILL -> bringBack("the primary lost its tree: all of it goes back", true);
    }
  }

  private boolean isHolding() {
    try (Snapshot snapshot = index.snapshot()) {
      return Holding.isOn(snapshot);
    }
  }

  private void bringBack(String said, boolean wholeTree) throws IOException {
    restoring = true;
    conversation.restores();
    news.tell(mirror, MirrorNews.Topic.HELD, said);
    unreadable = new RestoreSender(root, index, link, wholeTree).send();
  }

  private void answerThatNothingIsHeld() throws IOException {
    conversation.restores();
    unreadable = 0;
    link.sendNow(new Frame.RestoreEnd(0));
  }

  private String made() {
    try (Snapshot snapshot = index.snapshot()) {
      long stay = Shortfalls.undeleted(snapshot);
      return stay == 0
          ? "the held deletions are made"
          : "the held deletions are made, but for %,d that cannot be made here".formatted(stay);
    }
  }

  /**
   * Makes the held deletions. If it fails in the middle, or the process dies, what was moved until
   * then is put back before anything else, and is held as before: so it is noted as under way.
   *
   * @param writing through what the transaction writes
   * @return which directories' times are to be fetched anew
   */
  static Set<EntryId> release(
      MirrorRoot root,
      Index index,
      UnaryOperator<IndexWriter> writing,
      Guard guard,
      Removals removals)
      throws IOException {
    index.update(Durability.FAST, w -> guard.noteEntriesInFlight(w, Holding.releasable(w)));
    try (Workplace work = Workplace.enter(root)) {
      return index.write(
          Durability.DURABLE,
          writer -> {
            IndexWriter w = writing.apply(writer);
            try {
              Holding.release(w, work, removals);
              guard.settle(w);
              work.root().syncfs();
              guard.forgetInFlight(w);
              DirectoryTimes.forgetGone(w);
              return DirectoryTimes.due(w);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  /** The primary has taken back what it could. */
  void restored(Frame.RestoreDone done) throws IOException {
    restoring = false;
    long failed = done.failed() + unreadable;
    if (done.entries() > 0 || failed > 0) {
      news.tell(
          mirror,
          MirrorNews.Topic.HELD,
          "%d entries were brought back to the primary, %d could not be"
              .formatted(done.entries(), failed));
    }
    if (failed == 0) {
      index.update(Durability.DURABLE, Holding::returned);
      endIfAllCameAgain();
    }
  }

  /** Nothing is held any more once what was brought back has come again in its place. */
  void endIfAllCameAgain() throws IOException {
    if (!allCameAgain.of(index)) {
      return;
    }
    Set<EntryId> withheld =
        index.write(
            Durability.DURABLE,
            w -> {
              var _ = Holding.endIfNothingIsLeft(w);
              DirectoryTimes.forgetGone(w);
              return DirectoryTimes.due(w);
            });
    applier.ask(withheld);
  }
}
