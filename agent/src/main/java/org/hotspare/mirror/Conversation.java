package org.hotspare.mirror;

import java.util.List;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Excludes;
import org.hotspare.wire.FileContent;
import org.hotspare.wire.Frame;
import org.hotspare.wire.ProtocolException;
import org.hotspare.wire.Row;
import org.jspecify.annotations.Nullable;

/**
 * What a primary may say to a standby, and when. Each frame is checked before anything acts on it,
 * so that a primary which is broken or hostile ends its connection and nothing else: cuts follow
 * each other without a gap, rows come only inside a cut, content only for the file that was
 * announced, and no row is about what is not the primary's to give.
 *
 * <p>Whether a row fits the index (that its directory is one, that an entry stays what it is) is
 * checked where it is applied. For one thread.
 */
final class Conversation {
  private final Frame.Subscribe request;

  private Frame.@Nullable Subscribed agreed;
  private Frame.@Nullable CutBegin cut;

  /** Where the next cut has to begin. */
  private Position next = Position.NONE;

  /** Whether an inventory is still to come: it is the first cut or none. */
  private boolean inventoryDue;

  /** The file whose content is under way, and the size that was announced for it. */
  private @Nullable EntryId streamed;

  private long streamedBytes;
  private boolean restoring;

  /**
   * @param request what the standby asked for
   */
  Conversation(Frame.Subscribe request) {
    this.request = request;
  }

  /** This standby sent entries back to the primary, or that it has none, which answers once. */
  void restores() {
    restoring = true;
  }

  /**
   * @throws ProtocolException if the primary may not say this now; the message says why
   */
  void check(Frame frame) throws ProtocolException {
    if (agreed == null && !(frame instanceof Frame.Subscribed)) {
      throw new ProtocolException(nameOf(frame) + " before the subscription was answered");
    }
    switch (frame) {
      case Frame.Subscribed subscribed -> subscribed(subscribed);
      case Frame.CutBegin begin -> begin(begin);
      case Frame.Rows rows -> rows(rows);
      case Frame.ContentPart part -> part(part);
      case Frame.ContentAborted aborted -> aborted(aborted);
      case Frame.CutReached reached -> reached(reached);
      case Frame.CutEnd end -> end(end);
      case Frame.RestoreDone done -> {
        require(restoring, "a restoration that nobody began is done");
        restoring = false;
      }
      case Frame.Decide decide -> {}
      case Frame.Configured configured -> {}
      case Frame.VerifyRequest verify -> {}
      default -> throw new ProtocolException("a primary does not send " + nameOf(frame));
    }
  }

  private static String nameOf(Frame frame) {
    return frame.getClass().getSimpleName();
  }

  private static void require(boolean holds, String otherwise) throws ProtocolException {
    if (!holds) {
      throw new ProtocolException(otherwise);
    }
  }

  private void subscribed(Frame.Subscribed subscribed) throws ProtocolException {
    require(agreed == null, "a second answer to one subscription");
    boolean sameHistory = subscribed.history().equals(request.history());
    require(
        sameHistory || subscribed.mode() != Frame.Mode.CHANGES,
        "only changes, of a history that is not ours");
    require(
        !sameHistory
            || subscribed.mode() == Frame.Mode.INVENTORY
            || subscribed.epoch() >= request.position().epoch(),
        "epoch %d after epoch %d was seen"
            .formatted(subscribed.epoch(), request.position().epoch()));
    require(
        request.emptyTree() || sameHistory || subscribed.mode() == Frame.Mode.INVENTORY,
        "a first copy into a tree that is not empty");
    agreed = subscribed;
    inventoryDue = subscribed.mode() == Frame.Mode.INVENTORY;
    next = sameHistory && !inventoryDue ? request.position() : Position.NONE;
  }

  private void begin(Frame.CutBegin begin) throws ProtocolException {
    Frame.Subscribed subscribed = agreed;
    if (subscribed == null) {
      throw new ProtocolException("a cut before the subscription was answered");
    }
    require(cut == null, "a cut inside a cut");
    require(begin.from().equals(next), "a cut from %s after %s".formatted(begin.from(), next));
    require(
        begin.to().epoch() <= subscribed.epoch(),
        "a cut to %s, past the epoch that was announced".formatted(begin.to()));
    require(
        inventoryDue == (begin.mode() == Frame.Mode.INVENTORY),
        inventoryDue ? "no inventory, though one was agreed" : "an inventory that was not agreed");
    require(
        begin.mode() != Frame.Mode.FIRST_COPY || subscribed.mode() == Frame.Mode.FIRST_COPY,
        "a first copy that was not agreed");
    inventoryDue = false;
    cut = begin;
  }

  private Frame.CutBegin requireCut(Frame frame) throws ProtocolException {
    Frame.CutBegin begun = cut;
    if (begun == null) {
      throw new ProtocolException(nameOf(frame) + " outside of a cut");
    }
    return begun;
  }

  private Frame.CutBegin requireBetweenFiles(Frame frame) throws ProtocolException {
    Frame.CutBegin begun = requireCut(frame);
    require(streamed == null, nameOf(frame) + " in the middle of a file's content");
    return begun;
  }

  private void rows(Frame.Rows frame) throws ProtocolException {
    Frame.CutBegin begun = requireBetweenFiles(frame);
    List<Row> rows = frame.rows();
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      FileContent content = row.content();
      require(
          mayHold(begun, row.change().version()),
          "a row of %s in a cut to %s".formatted(row.change().version(), begun.to()));
      row(row.change());
      require(content == null || begun.mode() != Frame.Mode.INVENTORY, "content in an inventory");
      if (content != null && !content.complete()) {
        require(i == rows.size() - 1, "a row after a file whose content is not complete");
        startsStreaming(row.change());
      }
    }
  }

  /** What came in the place of a file that is gone by now may be newer than the cut. */
  private static boolean mayHold(Frame.CutBegin cut, Position version) {
    boolean newer = version.epoch() == cut.to().epoch() && cut.mode() != Frame.Mode.INVENTORY;
    return newer || !version.isAfter(cut.to());
  }

  private void startsStreaming(Change change) {
    if (change instanceof Change.InodeSet set && set.entry() instanceof Entry.RegularFile file) {
      streamed = set.id();
      streamedBytes = file.size();
    }
  }

  private static void row(Change change) throws ProtocolException {
    switch (change) {
      case Change.InodeSet set -> {
        require(
            !set.id().equals(EntryId.ROOT) || set.entry() instanceof Entry.Directory,
            "a root that is no directory");
        attributes(set.entry());
      }
      case Change.InodeGone gone ->
          require(!gone.id().equals(EntryId.ROOT), "the removal of the root itself");
      case Change.NameSet set -> {
        require(!set.id().equals(EntryId.ROOT), "a name for the root itself");
        notOurs(set.parent(), set.name());
      }
      case Change.NameGone gone -> notOurs(gone.parent(), gone.name());
    }
  }

  /** What a filesystem says of itself, and how overlays find their layers, is never mirrored. */
  private static void attributes(Entry entry) throws ProtocolException {
    for (Attribute attribute : entry.metadata().attributes()) {
      Bytes name = attribute.name();
      require(EntryReader.isMirrored(name), "attribute " + name + ", which is not mirrored");
    }
  }

  private static void notOurs(EntryId parent, Name name) throws ProtocolException {
    require(
        !(parent.equals(EntryId.ROOT) && name.equals(Excludes.WORK_DIRECTORY)),
        "a row about the work directory");
  }

  private void part(Frame.ContentPart part) throws ProtocolException {
    requireCut(part);
    require(part.id().equals(streamed), "content of entry " + part.id() + ", not announced");
    Entry.RegularFile finished = part.finished();
    if (finished != null) {
      require(
          finished.size() == streamedBytes,
          "a file of %d bytes that was announced with %d"
              .formatted(finished.size(), streamedBytes));
      attributes(finished);
      streamed = null;
    }
  }

  private void aborted(Frame.ContentAborted aborted) throws ProtocolException {
    requireCut(aborted);
    require(
        streamed == null || aborted.id().equals(streamed),
        "the end of the content of entry " + aborted.id() + ", which is not under way");
    streamed = null;
  }

  private void reached(Frame.CutReached reached) throws ProtocolException {
    Frame.CutBegin begun = requireBetweenFiles(reached);
    require(
        !reached.through().isAfter(begun.to()) && !begun.from().isAfter(reached.through()),
        "%s reached in a cut from %s to %s".formatted(reached.through(), begun.from(), begun.to()));
  }

  private void end(Frame.CutEnd end) throws ProtocolException {
    Frame.CutBegin begun = requireBetweenFiles(end);
    require(
        end.to().equals(begun.to()), "a cut to %s that ends at %s".formatted(begun.to(), end.to()));
    next = begun.to();
    cut = null;
  }
}
