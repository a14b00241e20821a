package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files are replaced by others of the same name faster than they can be read: each cut has whole
 * files for all its names all the same, so that it can be acknowledged.
 */
@Timeout(300)
final class ReplacedFilesTest {
  private static final int FILES = 50;
  private static final int BYTES = 20_000;
  private static final int PACE_NANOS = 300_000;
  private static final int CUTS = 80;

  @TempDir Path base;

  /** What the primary has told of the tree. */
  private final Set<EntryId> entries = new HashSet<>(Set.of(EntryId.ROOT));

  private final Map<Place, EntryId> names = new HashMap<>();

  private record Place(EntryId directory, Name name) {}

  @Test
  void everyCutHasTheEntriesOfItsNames() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    try (TestPair pair = TestPair.make(base).start()) {
      pair.assertSame();
      pair.beta().stop();
      Path tree = pair.alpha().tree();
      Thread writer = Thread.ofPlatform().start(() -> keepReplacing(tree, done));
      try (Link link = pair.connectAsBeta()) {
        link.sendNow(
            new Frame.Subscribe("www", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true));
        int incomplete = 0;
        for (int cut = 0; cut < CUTS; cut++) {
          takeCut(link);
          if (!entries.containsAll(names.values())) {
            incomplete++;
          }
        }
        System.out.println("ReplacedFilesTest: " + incomplete + " cuts lacked something");
        assertThat(incomplete).as("cuts that lack entries").isLessThan(CUTS / 4);
      } finally {
        done.set(true);
        writer.join();
      }
      pair.beta().start();
      pair.assertSame();
    }
  }

  private static void keepReplacing(Path tree, AtomicBoolean done) {
    try {
      for (int i = 0; !done.get(); i++) {
        Path draft = Files.write(tree.resolve("draft"), new byte[BYTES]);
        Files.move(draft, tree.resolve("f" + i % FILES), StandardCopyOption.REPLACE_EXISTING);
        LockSupport.parkNanos(PACE_NANOS);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void takeCut(Link link) throws IOException {
    Frame frame = link.receive();
    while (!(frame instanceof Frame.CutEnd end)) {
      if (frame instanceof Frame.Rows rows) {
        rows.rows().forEach(row -> take(row.change()));
      }
      frame = link.receive();
    }
    link.sendNow(new Frame.Ack(end.to()));
  }

  private void take(Change change) {
    switch (change) {
      case Change.InodeSet set -> entries.add(set.id());
      case Change.InodeGone gone -> entries.remove(gone.id());
      case Change.NameSet set -> names.put(new Place(set.parent(), set.name()), set.id());
      case Change.NameGone gone -> names.remove(new Place(gone.parent(), gone.name()));
    }
  }
}
