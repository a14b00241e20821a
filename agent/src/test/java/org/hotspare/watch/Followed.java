package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.Snapshot;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;

/** A tracker with all that it needs, in an epoch of its own. */
final class Followed implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  final Index index;
  final Watcher watcher;
  final Tracker tracker;

  Followed(Path tree, Path state, Problems problems) throws IOException {
    MirrorRoot root = MirrorRoot.of("www", tree, Files.createDirectories(state));
    index = Index.open(state.resolve("index.db"));
    index.update(Durability.FAST, w -> w.openEpoch(w.lineage().head().epoch() + 1));
    try (DirFd opened = root.enter()) {
      watcher = Watchers.open(opened, tree, root::enterWork, WatchMethod.FANOTIFY, false);
    }
    tracker =
        new Tracker(root, index, watcher, Excludes.of(List.of()), problems, ProcessorLimit.none());
  }

  Followed start() {
    tracker.start();
    return this;
  }

  /** Answers what could not be looked at. */
  List<RelPath> settle() throws Exception {
    Tracker.Drained drained = tracker.drain().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertThat(drained.head()).isNotEqualTo(Position.NONE);
    assertThat(drained.unseen().more()).isFalse();
    return drained.unseen().paths();
  }

  Optional<Inode> at(String path) {
    try (Snapshot snapshot = index.snapshot()) {
      return snapshot.resolve(RelPath.of(path)).flatMap(snapshot::inode);
    }
  }

  EntryId id(String path) {
    return at(path).orElseThrow().id();
  }

  @Override
  public void close() {
    tracker.close();
    watcher.close();
    index.close();
  }
}
