package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hotspare.index.Durability;
import org.hotspare.index.Index;
import org.hotspare.index.Inode;
import org.hotspare.index.NameRow;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.EntryReader;
import org.hotspare.watch.MirrorRoot;
import org.hotspare.watch.SweptTree;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are read again, and when. Every file here differs from its row. */
final class RecheckerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** The files that were read, in that order. */
  private final List<EntryId> read = new CopyOnWriteArrayList<>();

  @TempDir Path base;
  private Path tree;
  private Index index;
  private Rechecker rechecker;

  private interface Waiting {
    void await() throws InterruptedException;
  }

  /** How long it takes until what moved is numbered; here it never is. */
  private volatile Waiting waiting = () -> {};

  @BeforeEach
  void start() throws IOException {
    tree = Files.createDirectory(base.resolve("tree"));
    Path state = Files.createDirectory(base.resolve("state"));
    index = Index.open(state.resolve("index.db"));
    index.update(Durability.FAST, w -> w.openEpoch(1));
    Rechecker.Numbers numbers =
        new Rechecker.Numbers() {
          @Override
          public void contentDiffers(EntryId id) {
            read.add(id);
          }

          @Override
          public void await() throws IOException {
            try {
              waiting.await();
            } catch (InterruptedException e) {
              throw new IOException("interrupted", e);
            }
          }
        };
    rechecker = new Rechecker(MirrorRoot.of("www", tree, state), index, numbers);
    rechecker.start();
  }

  @AfterEach
  void stop() {
    rechecker.close();
    index.close();
  }

  private record File(EntryId id, SweptTree.Candidate place) {}

  private File file(String name) throws IOException {
    Files.writeString(tree.resolve(name), "content");
    try (DirFd root = DirFd.openRoot(tree)) {
      Stat stat = Objects.requireNonNull(root.statIfPresent(Name.of(name)));
      Entry.RegularFile found = (Entry.RegularFile) EntryReader.read(root, Name.of(name), stat);
      Entry other = found.withContent(found.size(), Digest.of(new byte[Digest.BYTES]), 0);
      EntryId id =
          index.write(
              Durability.FAST,
              w -> {
                EntryId next = w.nextId();
                Position version = w.nextPosition();
                w.put(new Inode(next, version, version, other, EntryReader.local(stat, true)));
                w.putName(new NameRow(EntryId.ROOT, Name.of(name), next, w.nextPosition()));
                return next;
              });
      return new File(
          id, new SweptTree.Candidate(RelPath.of(name), stat.device(), stat.inode(), false));
    }
  }

  /** A file that is not at its place, nor anywhere. */
  private File missing() throws IOException {
    File file = file("missing");
    Files.delete(tree.resolve("missing"));
    return file;
  }

  private void awaitRead(EntryId... files) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (read.size() < files.length) {
      assertThat(System.nanoTime()).as("read until now: %s", read).isLessThan(deadline);
      Thread.sleep(10);
    }
    assertThat(read).containsExactly(files);
  }

  @Test
  void waitingForWhatMovedIsNotTakenForReading() throws Exception {
    waiting = () -> TimeUnit.SECONDS.sleep(1);
    File next = file("next");
    // Were these three seconds the cost of reading, it would rest for two minutes.
    rechecker.foundOpen(missing().place);
    rechecker.foundOpen(next.place);
    awaitRead(next.id);
  }

  @Test
  void whatAProcessHasOpenIsKnownByItsInodeBeforeItsPath() throws Exception {
    File file = file("file");
    File other = file("other");
    rechecker.foundOpen(
        new SweptTree.Candidate(
            other.place.path(), file.place.device(), file.place.inode(), false));
    awaitRead(file.id);
    // As a filesystem shows it that has other numbers for what is mapped.
    rechecker.foundOpen(
        new SweptTree.Candidate(other.place.path(), file.place.device() + 1, 1, false));
    awaitRead(file.id, other.id);
  }

  @Test
  void whatABarrierGaveUpIsNotReadForIt() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    waiting =
        () -> {
          begun.countDown();
          goOn.await();
        };
    File givenUp = file("given up");
    File wanted = file("wanted");
    rechecker.check(missing().id);
    assertThat(begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    long soon = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50);
    assertThat(rechecker.readAgain(Set.of(givenUp.id), soon)).isEqualTo(1);
    goOn.countDown();
    long deadline = System.nanoTime() + LIMIT.toNanos();
    assertThat(rechecker.readAgain(Set.of(wanted.id), deadline)).isZero();
    assertThat(read).containsExactly(wanted.id);
  }
}
