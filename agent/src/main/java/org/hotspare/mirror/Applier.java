package org.hotspare.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.function.UnaryOperator;
import org.hotspare.delta.InvalidDeltaException;
import org.hotspare.delta.Signature;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.IndexWriter;
import org.hotspare.index.Inode;
import org.hotspare.index.Local;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.Access;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Problems;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.wire.FileContent;
import org.hotspare.wire.Frame;
import org.hotspare.wire.ProtocolException;
import org.hotspare.wire.Row;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies cuts to a standby's tree, batch by batch: content is staged by several threads, made
 * durable, put in place, made durable again, and only then does the index say so. After the last
 * batch of a cut the standby holds it, and says so.
 *
 * <p>Owned by the applying thread.
 */
final class Applier {
  private static final Logger LOG = LoggerFactory.getLogger(Applier.class);
  private static final int BATCH_ROWS = 8192;
  private static final long BATCH_BYTES = 24L << 20;
  private static final int ATTEMPTS = 20;

  /** Names that wait in memory for their entries; the order of a cut leaves few. */
  private static final int MOST_UNRESOLVED = 1 << 16;

  private final MirrorRoot root;
  private final Index index;
  private final Problems problems;
  private final Removals removals;
  private final Guard guard;
  private final ExecutorService stagers;
  private final StandbyState state;
  private final ProcessorLimit processors;
  private final SignOfWork signs;
  private final Upstream upstream;
  private final Batching batching;

  private final List<Pending> batch = new ArrayList<>();
  private long batchBytes;
  private List<Change.NameSet> unresolved = new ArrayList<>();

  /** Entries that the primary was asked for and has not sent yet. */
  private final Set<EntryId> asked = new HashSet<>();

  /** Those of them that this cut brought, or said to be gone or unreadable. */
  private final Set<EntryId> answered = new HashSet<>();

  /** Entries that this cut named and that are not here. */
  private final Set<EntryId> lost = new LinkedHashSet<>();

  /** Files of this cut whose content did not come, or cannot be here, and why. */
  private final Map<EntryId, String> withoutContent = new LinkedHashMap<>();

  /** Tells staged files of one entry apart. */
  private long stagings;

  private final Map<EntryId, Integer> attempts = new HashMap<>();
  private Frame.@Nullable CutBegin cut;
  private @Nullable Position reached;
  private @Nullable Streaming streaming;
  private @Nullable Workplace work;

  /** What the applier tells the primary. */
  interface Upstream {
    void want(List<EntryId> ids) throws IOException;

    void acknowledge(Position position) throws IOException;

    /** Called after a batch was put in place, with how many rows it had. */
    void applied(List<Change> changes);

    /** A directory was made, and is not in the tree yet: it is to be watched. */
    void appeared(EntryId id, org.hotspare.linux.DirFd directory) throws IOException;
  }

  /**
   * When a batch is full, and through what its transaction writes: a test makes batches small and
   * fails in the middle of one.
   */
  record Batching(int rows, UnaryOperator<IndexWriter> writing) {
    static final Batching NORMAL = new Batching(BATCH_ROWS, UnaryOperator.identity());
  }

  private record Pending(Change change, @Nullable CompletableFuture<Staged> content) {}

  /** A row whose content, if it has any, is complete in staging. */
  private record Ready(Change change, @Nullable Staged content) {}

  private static final class Streaming {
    final Change.InodeSet change;
    final Staging staging;
    final CompletableFuture<Staged> content;

    Streaming(Change.InodeSet change, Staging staging, CompletableFuture<Staged> content) {
      this.change = change;
      this.staging = staging;
      this.content = content;
    }
  }

  Applier(
      MirrorRoot root,
      Index index,
      Problems problems,
      Removals removals,
      Guard guard,
      ExecutorService stagers,
      StandbyState state,
      ProcessorLimit processors,
      SignOfWork signs,
      Upstream upstream,
      Batching batching) {
    this.processors = processors;
    this.root = root;
    this.index = index;
    this.problems = problems;
    this.removals = removals;
    this.guard = guard;
    this.stagers = stagers;
    this.state = state;
    this.signs = signs;
    this.upstream = upstream;
    this.batching = batching;
  }

  void begin(Frame.CutBegin begin) throws IOException {
    cut = begin;
    removals.setKeeping(begin.mode() == Frame.Mode.CHANGES);
    state.cutBegins(begin);
  }

  /**
   * Asks the primary for entries anew. Until they came, nothing is acknowledged: a cut that was
   * under way when the request left says nothing of them.
   */
  void ask(Set<EntryId> ids) throws IOException {
    // Somebody here changed them, which says nothing of the primary.
    attempts.keySet().removeAll(ids);
    request(ids);
  }

  /** Asks for what the cut that ends now did not bring as it should have. */
  private void askAgain(Set<EntryId> ids) throws IOException {
    for (EntryId id : ids) {
      if (attempts.merge(id, 1, Integer::sum) > ATTEMPTS) {
        throw new ProtocolException("entry " + id + " does not arrive as it was announced");
      }
    }
    request(ids);
  }

  private void request(Set<EntryId> ids) throws IOException {
    List<EntryId> request = new ArrayList<>();
    for (EntryId id : ids) {
      if (asked.add(id)) {
        request.add(id);
      }
    }
    for (int from = 0; from < request.size(); from += BATCH_ROWS) {
      upstream.want(request.subList(from, Math.min(request.size(), from + BATCH_ROWS)));
    }
  }

  /** Whether the primary still owes entries that were asked for. */
  boolean isOwed() {
    return !asked.isEmpty();
  }

  // ---- frames

  void rows(Frame.Rows frame) throws IOException {
    processors.pause();
    ByteBuffer payload = frame.payload().duplicate();
    for (Row row : frame.rows()) {
      row(row, payload);
    }
    batchBytes += frame.payload().remaining();
    if (streaming == null && (batch.size() >= batching.rows() || batchBytes >= BATCH_BYTES)) {
      commit(false);
    }
  }

  private void row(Row row, ByteBuffer payload) throws IOException {
    FileContent content = row.content();
    Change change = row.change();
    if (content == null) {
      batch.add(new Pending(change, null));
      return;
    }
    if (!(change instanceof Change.InodeSet set)
        || !(set.entry() instanceof Entry.RegularFile file)) {
      throw new IOException("content with a row that is of no regular file");
    }
    long literal = content.ops().stream().mapToLong(Applier::literalLength).sum();
    ByteBuffer mine = payload.slice(payload.position(), Math.toIntExact(literal));
    payload.position(payload.position() + (int) literal);
    if (isKnown(set)) {
      batch.add(new Pending(change, null));
      return;
    }
    // Before the batch waits for the content: where there is no workplace, none will come.
    Workplace place = workplace();
    CompletableFuture<Staged> staged = new CompletableFuture<>();
    batch.add(new Pending(change, staged));
    if (content.complete()) {
      Name name = stagingName(set.id());
      stagers.execute(() -> stage(place, name, set, file, content, mine, staged));
    } else {
      startStreaming(place, set, file, content, staged);
    }
  }

  private void startStreaming(
      Workplace place,
      Change.InodeSet set,
      Entry.RegularFile file,
      FileContent content,
      CompletableFuture<Staged> staged) {
    try {
      streaming =
          new Streaming(set, open(place, stagingName(set.id()), set.id(), file, content), staged);
    } catch (IOException e) {
      // The parts that follow are passed over; the batch learns why.
      staged.completeExceptionally(e);
    }
  }

  private static long literalLength(org.hotspare.delta.DeltaOp op) {
    return op instanceof org.hotspare.delta.DeltaOp.Literal ? op.length() : 0;
  }

  /** Whether this version came before, in an earlier attempt at the same cut. */
  private boolean isKnown(Change.InodeSet set) {
    if (asked.contains(set.id())) {
      return false;
    }
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.inode(set.id()).map(i -> i.version().equals(set.version())).orElse(false);
    }
  }

  /** One entry may come twice in a cut: because it changed, and because it was asked for. */
  private Name stagingName(EntryId id) {
    return Name.of(Workplace.nameOf(id) + "." + stagings++);
  }

  private void stage(
      Workplace place,
      Name name,
      Change.InodeSet set,
      Entry.RegularFile file,
      FileContent content,
      ByteBuffer literals,
      CompletableFuture<Staged> staged) {
    processors.pause();
    try (Staging staging = open(place, name, set.id(), file, content)) {
      staging.take(content.ops(), literals);
      staged.complete(staging.finish(file));
    } catch (IOException | RuntimeException e) {
      staged.completeExceptionally(e);
    }
  }

  private Staging open(
      Workplace place, Name name, EntryId id, Entry.RegularFile file, FileContent content)
      throws IOException {
    Digest base = content.base();
    if (base == null) {
      return new Staging(place.staging(), name, null, file.size());
    }
    try (Snapshot snapshot = index.snapshot()) {
      Bytes stored = snapshot.signature(id).orElse(null);
      Signature signature = stored == null ? null : Signature.parse(stored);
      RelPath path = snapshot.path(id).orElse(null);
      Local local = snapshot.inode(id).map(Inode::local).orElse(null);
      if (signature == null || path == null || local == null || !signature.root().equals(base)) {
        throw new Staging.DigestMismatch(name);
      }
      FileFd from = place.root().openFile(path, Access.READ);
      return new Staging(
          place.staging(), name, new Staging.Base(from, signature, local), file.size());
    }
  }

  void part(Frame.ContentPart part) throws IOException {
    processors.pause();
    Streaming current = streaming;
    if (current == null || !current.change.id().equals(part.id())) {
      return;
    }
    try {
      if (!current.content.isCompletedExceptionally()) {
        current.staging.take(part.ops(), part.payload().duplicate());
        Entry.RegularFile finished = part.finished();
        if (finished != null) {
          current.content.complete(current.staging.finish(finished));
        }
      }
    } catch (InvalidDeltaException e) {
      throw e;
    } catch (IOException e) {
      current.content.completeExceptionally(e);
    }
    state.received(part.payload().remaining());
    if (part.finished() != null) {
      endStreaming();
    }
  }

  private void endStreaming() throws IOException {
    Streaming current = streaming;
    streaming = null;
    if (current != null) {
      current.staging.close();
    }
    if (batch.size() >= batching.rows() || batchBytes >= BATCH_BYTES) {
      commit(false);
    }
  }

  /** The primary could not read a file: this standby goes on without it, and asks for it later. */
  void aborted(Frame.ContentAborted aborted) throws IOException {
    answered.add(aborted.id());
    withoutContent.put(aborted.id(), aborted.reason());
    Streaming current = streaming;
    if (current != null && current.change.id().equals(aborted.id())) {
      batch.removeIf(pending -> pending.change().equals(current.change));
      current.staging.discard();
      endStreaming();
    }
  }

  void reached(Position through) {
    reached = through;
  }

  void end(Frame.CutEnd end) throws IOException {
    commit(true);
    Frame.CutBegin begun = cut;
    cut = null;
    LOG.debug("mirror {}: applied to {}", root.mirror(), end.to());
    if (begun != null) {
      state.cutEnds(begun);
    }
  }

  // ---- batches

  private Workplace workplace() throws IOException {
    Workplace current = work;
    if (current == null) {
      current = Workplace.enter(root);
      work = current;
    }
    return current;
  }

  private void commit(boolean last) throws IOException {
    Frame.CutBegin begun = cut;
    if (begun == null) {
      throw new IOException("rows outside of a cut");
    }
    Workplace place = workplace();
    try {
      List<Ready> ready = collect();
      List<Change> changes = ready.stream().map(Ready::change).toList();
      if (ready.stream().anyMatch(r -> r.content() != null) && begun.mode() == Frame.Mode.CHANGES) {
        signs.sync(place.root());
      }
      index.update(Durability.FAST, w -> guard.noteInFlight(w, changes));
      boolean rested =
          index.write(
              Durability.DURABLE,
              w -> put(batching.writing().apply(w), place, ready, changes, last, begun));
      if (last) {
        endOfCut(begun, rested);
      }
      upstream.applied(changes);
    } finally {
      place.close();
      work = null;
    }
    batch.clear();
    batchBytes = 0;
    reached = null;
  }

  private void endOfCut(Frame.CutBegin begun, boolean rested) throws IOException {
    Set<EntryId> request = new LinkedHashSet<>(lost);
    lost.clear();
    asked.removeAll(answered);
    answered.clear();
    if (rested) {
      attempts.clear();
      upstream.acknowledge(begun.to());
    } else {
      askAgain(request);
    }
  }

  /** Waits for the content of the batch. */
  private List<Ready> collect() throws IOException {
    List<Ready> ready = new ArrayList<>(batch.size());
    for (Pending pending : batch) {
      CompletableFuture<Staged> content = pending.content();
      if (content == null) {
        ready.add(new Ready(pending.change(), null));
        continue;
      }
      Change.InodeSet set = (Change.InodeSet) pending.change();
      try {
        ready.add(new Ready(set, content.get()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } catch (ExecutionException e) {
        failedToStage(set, e.getCause());
      }
    }
    return ready;
  }

  private void failedToStage(Change.InodeSet set, @Nullable Throwable cause) throws IOException {
    if (cause instanceof Staging.DigestMismatch
        || (cause instanceof LinuxException linux && linux.is(Errno.ENOENT))) {
      lost.add(set.id());
      answered.add(set.id());
    } else if (cause instanceof LinuxException linux && linux.is(Errno.ENOSPC, Errno.EDQUOT)) {
      throw new DiskFull(root, linux);
    } else if (cause instanceof LinuxException linux && linux.is(Errno.EFBIG, Errno.EOVERFLOW)) {
      answered.add(set.id());
      withoutContent.put(set.id(), "cannot be made on this standby: " + linux.errno().text());
    } else if (cause instanceof IOException failed) {
      throw failed;
    } else {
      throw new IOException("staging entry " + set.id() + " failed", cause);
    }
  }

  private boolean put(
      IndexWriter w,
      Workplace place,
      List<Ready> ready,
      List<Change> changes,
      boolean last,
      Frame.CutBegin begun) {
    List<Change> all = new ArrayList<>(unresolved);
    all.addAll(changes);
    try (Merge merge = new Merge(w, place, removals, problems, asked, all, upstream::appeared)) {
      state.holdsRowsOf(w, begun, changes);
      removals.beginBatch();
      guard.check(w, place, changes);
      for (Ready row : ready) {
        merge.apply(row.change(), row.content());
        answer(row.change());
        if (row.content() != null && row.change() instanceof Change.InodeSet set) {
          // As it was asked for: its steps started from another version in this cut, too.
          lost.remove(set.id());
        }
      }
      merge.retryPending(unresolved);
      merge.finish();
      unresolved = new ArrayList<>(merge.pending());
      if (unresolved.size() > MOST_UNRESOLVED) {
        throw new ProtocolException(
            "%,d names of entries that did not come".formatted(unresolved.size()));
      }
      withoutContent.forEach((id, why) -> noteWithoutContent(w, id, why));
      unresolved.removeIf(row -> withoutContent.containsKey(row.id()));
      lost.addAll(merge.missing());
      if (last) {
        unresolved.forEach(row -> askInsteadOf(row, w));
        unresolved.clear();
        lost.removeAll(withoutContent.keySet());
        withoutContent.clear();
      }
      signs.sync(place.root());
      guard.forgetInFlight(w);
      boolean rested = lost.isEmpty() && unresolved.isEmpty() && answered.containsAll(asked);
      if (last && rested) {
        state.arrived(w, begun);
      } else if (rested && reached != null && begun.mode() == Frame.Mode.FIRST_COPY) {
        state.reached(w, reached);
      }
      return rested;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOSPC, Errno.EDQUOT)) {
        throw new java.io.UncheckedIOException(new DiskFull(root, e));
      }
      throw new java.io.UncheckedIOException(e);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * Also each name that a file is to have for which there is no file: its next content may come as
   * a change, and no change tells a name again that was told before.
   */
  private void noteWithoutContent(IndexWriter w, EntryId id, String why) {
    for (Change.NameSet row : unresolved) {
      if (row.id().equals(id)) {
        Shortfalls.lacksName(w, row, why);
      }
    }
    if (w.inode(id).isEmpty() && Shortfalls.lacksNames(w, id)) {
      // Of a file that is not here at all, that says everything.
      Shortfalls.hasContent(w, id);
    } else {
      Shortfalls.lacksContent(w, id, w.path(id).orElse(RelPath.ROOT), why);
    }
  }

  private void answer(Change change) {
    switch (change) {
      case Change.InodeSet set -> answer(set.id());
      case Change.InodeGone gone -> answer(gone.id());
      case Change.NameSet set -> {}
      case Change.NameGone gone -> {}
    }
  }

  private void answer(EntryId id) {
    if (asked.contains(id)) {
      answered.add(id);
    }
  }

  /** A row that could not be placed with the end of its cut comes again with what it needs. */
  private void askInsteadOf(Change.NameSet row, IndexWriter w) {
    boolean known = w.inode(row.id()).isPresent();
    boolean parentKnown = w.inode(row.parent()).isPresent();
    if (!parentKnown || known) {
      lost.add(row.parent());
    }
    lost.add(row.id());
  }

  private boolean isStreaming(Change change) {
    Streaming current = streaming;
    return current != null && current.change.equals(change);
  }

  /** Gives up the cut under way: the connection is gone. */
  void abandon() {
    for (Pending pending : batch) {
      CompletableFuture<Staged> content = pending.content();
      if (content != null && !isStreaming(pending.change())) {
        try {
          content.get();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
          LOG.debug("abandoned with its cut", e);
        }
      }
    }
    Streaming current = streaming;
    if (current != null) {
      current.staging.close();
    }
    Workplace place = work;
    if (place != null) {
      place.close();
    }
    streaming = null;
    work = null;
    batch.clear();
    batchBytes = 0;
    unresolved.clear();
    asked.clear();
    answered.clear();
    lost.clear();
    withoutContent.clear();
    attempts.clear();
    cut = null;
  }

  /** The standby's filesystem has no room. */
  static final class DiskFull extends IOException {
    private static final long serialVersionUID = 1L;

    DiskFull(MirrorRoot root, LinuxException cause) {
      super("no room left on the filesystem of " + root.path(), cause);
    }
  }

  /** The inode row as it is committed. */
  @Nullable Inode inode(EntryId id) {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.inode(id).orElse(null);
    }
  }
}
