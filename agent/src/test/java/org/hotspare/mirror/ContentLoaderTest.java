package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.linux.DirFd;
import org.hotspare.testing.Command;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.Excludes;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.Problems;
import org.hotspare.watch.ProcessorLimit;
import org.hotspare.watch.Tracker;
import org.hotspare.watch.WatchMethod;
import org.hotspare.watch.Watcher;
import org.hotspare.watch.Watchers;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a file that somebody replaced since it was numbered. */
final class ContentLoaderTest {
  @TempDir Path base;

  /** Whatever has its place by then, the file left it; here the index says that it is gone. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "ln -s elsewhere file",
        "mkfifo file",
        "mknod file c 1 5",
        "mkdir file",
        "echo another > file"
      })
  void aFileThatWasReplacedIsLookedForInTheIndex(String replacing) throws Exception {
    Path tree = Files.createDirectory(base.resolve("tree"));
    Path state = Files.createDirectory(base.resolve("state"));
    Files.writeString(tree.resolve("file"), "content");
    MirrorRoot root = MirrorRoot.of("www", tree, state);
    try (Index index = Index.open(state.resolve("index.db"));
        DirFd opened = root.enter();
        Watcher watcher =
            Watchers.open(opened, tree, root::enterWork, WatchMethod.POLLING, false)) {
      index.update(Durability.FAST, w -> w.openEpoch(1));
      Inode before = inode(index, opened);
      Files.move(tree.resolve("file"), base.resolve("elsewhere"));
      Command.succeed(List.of("sh", "-c", "cd " + tree + " && " + replacing));
      Tracker tracker =
          new Tracker(
              root, index, watcher, Excludes.of(List.of()), new Problems(), ProcessorLimit.none());
      ContentLoader loader = new ContentLoader(tracker, index, ProcessorLimit.none());

      assertThatExceptionOfType(ContentLoader.Gone.class)
          .isThrownBy(() -> loader.load(before, RelPath.of("file")));
    }
  }

  /** Its row as it was: the index does not have it any more. */
  private static Inode inode(Index index, DirFd directory) throws Exception {
    Name name = Name.of("file");
    var stat = directory.stat(name);
    Entry entry = EntryReader.read(directory, name, stat);
    return index.write(
        Durability.FAST,
        w -> {
          EntryId id = w.nextId();
          var version = w.nextPosition();
          return new Inode(id, version, version, entry, EntryReader.local(stat, true));
        });
  }
}
