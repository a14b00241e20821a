package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.directory;
import static org.hotspare.mirror.FakePrimary.file;
import static org.hotspare.mirror.FakePrimary.inode;
import static org.hotspare.mirror.FakePrimary.literal;
import static org.hotspare.mirror.FakePrimary.metadata;
import static org.hotspare.mirror.FakePrimary.name;
import static org.hotspare.mirror.FakePrimary.rows;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.RawFrames;
import org.hotspare.wire.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A primary that has a valid certificate and says what no primary says: each time the standby
 * closes the connection with the reason, touches nothing outside its tree, and follows a primary
 * that keeps to the rules afterwards.
 */
final class HostilePrimaryTest {
  private static final long ROOT = 1;
  private static final long DIRECTORY = 2;
  private static final long FILE = 3;
  private static final long LINK = 4;

  /** What the standby has before each attack. */
  private static final long NOW = 10;

  @TempDir Path base;
  private FakePrimary primary;
  private Path outside;

  /** What is said in place of what should come. */
  private interface Attack {
    void over(Link link) throws IOException;
  }

  @BeforeEach
  void copyATree() throws Exception {
    outside = Files.createDirectory(base.resolve("outside"));
    Files.writeString(outside.resolve("canary"), "not yours");
    primary = new FakePrimary(base);
    Link link = primary.connected();
    assertThat(FakePrimary.subscription(link).emptyTree()).isTrue();
    link.send(FakePrimary.agreed(Frame.Mode.FIRST_COPY));
    link.send(begin(Frame.Mode.FIRST_COPY, 0, NOW));
    link.send(rows(directory(ROOT, 1), directory(DIRECTORY, 2), name(ROOT, "d", DIRECTORY, 3)));
    link.send(primary.file(FILE, 4, "right"));
    link.send(
        rows(
            name(DIRECTORY, "file", FILE, 5),
            inode(LINK, 6, new Entry.SymbolicLink(metadata(0777), Bytes.of(outside.toString()))),
            name(ROOT, "link", LINK, 7)));
    link.send(new Frame.CutEnd(at(NOW)));
    link.send(begin(Frame.Mode.CHANGES, NOW, NOW));
    link.sendNow(new Frame.CutEnd(at(NOW)));
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(NOW));
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(NOW));
  }

  @AfterEach
  void stop() {
    primary.close();
  }

  /** Half a tree that is still being read says nothing of how long the whole will take. */
  @Test
  void howMuchThereIsIsUnknownUntilThePrimaryHasReadIt() throws Exception {
    try (FakePrimary other = new FakePrimary(Files.createDirectory(base.resolve("other")))) {
      Link link = other.connected();
      assertThat(FakePrimary.subscription(link).emptyTree()).isTrue();
      link.send(FakePrimary.agreed(Frame.Mode.FIRST_COPY));
      link.send(new Frame.CutBegin(FakePrimary.EPOCH, at(0), at(3), Frame.Mode.FIRST_COPY, 0, 0));
      link.send(rows(directory(ROOT, 1), directory(DIRECTORY, 2), name(ROOT, "d", DIRECTORY, 3)));
      link.sendNow(new Frame.CutEnd(at(3)));
      awaitCopy(other, copy -> copy.doneEntries() == 2);
      awaitCopy(other, copy -> copy.totalEntries() == 0 && copy.totalBytes() == 0);
      link.sendNow(
          new Frame.CutBegin(FakePrimary.EPOCH, at(3), at(9), Frame.Mode.FIRST_COPY, 8, 5));
      awaitCopy(other, copy -> copy.totalEntries() == 4 && copy.totalBytes() == 5);
    }
  }

  private static void awaitCopy(FakePrimary of, Predicate<MirrorView.CopyView> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    MirrorView.CopyView copy = of.view().copy();
    while (copy == null || !condition.test(copy)) {
      assertThat(System.nanoTime()).as("%s", copy).isLessThan(deadline);
      Thread.sleep(5);
      copy = of.view().copy();
    }
  }

  private Link subscribed() throws Exception {
    Link link = primary.connected();
    Frame.Subscribe asked = FakePrimary.subscription(link);
    assertThat(asked.position()).isEqualTo(at(NOW));
    assertThat(asked.completeCopy()).isTrue();
    return link;
  }

  /** In the first cut of changes. */
  private void refusesInACut(String reason, Attack attack) throws Exception {
    refuses(
        reason,
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          link.send(begin(Frame.Mode.CHANGES, NOW, NOW + 100));
          attack.over(link);
        });
  }

  private void refuses(String reason, Attack attack) throws Exception {
    Map<String, String> before = contents();
    Link link = subscribed();
    attack.over(link);
    link.flush();
    String told = FakePrimary.refusal(link);
    assertThat(told)
        .satisfiesAnyOf(t -> assertThat(t).isEmpty(), t -> assertThat(t).contains(reason));
    awaitNews(reason);
    assertThat(contents()).as(reason).isEqualTo(before);
    primary.news.clear();
  }

  private void awaitNews(String reason) throws InterruptedException {
    await(
        "news of " + reason,
        Duration.ofSeconds(60),
        () ->
            primary.news.stream()
                .anyMatch(text -> text.startsWith("PROBLEM") && text.contains(reason)));
  }

  /** All files of the standby's tree and outside of it. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    for (Path top : List.of(primary.tree, outside)) {
      try (Stream<Path> files = Files.walk(top)) {
        for (Path file : files.toList()) {
          boolean regular = Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS);
          contents.put(file.toString(), regular ? Files.readString(file) : "");
        }
      }
    }
    return contents;
  }

  private static Row gone(long id) {
    return new Row(new Change.InodeGone(new EntryId(id), at(NOW + 1)), null);
  }

  private static Frame.Rows withPayload(int bytes, Row... rows) {
    return new Frame.Rows(List.of(rows), ByteBuffer.allocate(bytes));
  }

  /** A primary that keeps to the rules is followed as before. */
  private void followsARightOne() throws Exception {
    Link link = subscribed();
    link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
    link.send(begin(Frame.Mode.CHANGES, NOW, NOW + 5));
    link.send(primary.file(FILE, NOW + 1, "right again"));
    link.send(primary.file(50, NOW + 2, "new"));
    link.send(rows(name(DIRECTORY, "new", 50, NOW + 3)));
    link.sendNow(new Frame.CutEnd(at(NOW + 5)));
    Frame.Ack ack = FakePrimary.next(link, Frame.Ack.class);
    while (!ack.position().equals(at(NOW + 5))) {
      ack = FakePrimary.next(link, Frame.Ack.class);
    }
    assertThat(primary.tree.resolve("d/file")).hasContent("right again");
    assertThat(primary.tree.resolve("d/new")).hasContent("new");
    assertThat(outside.resolve("canary")).hasContent("not yours");
    try (Stream<Path> all = Files.list(outside)) {
      assertThat(all).hasSize(1);
    }
  }

  @Test
  void namesThatLeaveTheirDirectoryAreRefused() throws Exception {
    for (String name : List.of("..", ".", "", "a/b", "/etc/canary", "../outside/x", "x\0y")) {
      refusesInACut(
          "name",
          link ->
              new RawFrames(link)
                  .directoryNamed(Bytes.of(name).toArray(), 60, ROOT, at(NOW + 1).packed()));
    }
    followsARightOne();
  }

  @Test
  void framesThatComeOutOfTurnAreRefused() throws Exception {
    refuses("before the subscription", link -> link.send(begin(Frame.Mode.CHANGES, NOW, NOW)));
    refuses(
        "outside of a cut",
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          link.send(rows(directory(60, NOW + 1)));
        });
    refuses(
        "outside of a cut",
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          link.send(new Frame.CutEnd(at(NOW)));
        });
    refuses(
        "a second answer",
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
        });
    refusesInACut("a cut inside a cut", link -> link.send(begin(Frame.Mode.CHANGES, NOW, NOW)));
    refusesInACut("that ends at", link -> link.send(new Frame.CutEnd(at(NOW + 99))));
    refusesInACut("not announced", link -> link.send(part(FILE, 5)));
    refusesInACut("nobody began", link -> link.send(new Frame.RestoreDone(0, 0)));
    refusesInACut("a primary does not send Ack", link -> link.send(new Frame.Ack(at(1))));
    refusesInACut(
        "in the middle of a file",
        link -> {
          link.send(rows(file(60, NOW + 1, 10, null, literal(0, false))));
          link.send(rows(directory(61, NOW + 1)));
        });
    followsARightOne();
  }

  private static Frame.ContentPart part(long id, int bytes) {
    return new Frame.ContentPart(
        new EntryId(id), List.of(new DeltaOp.Literal(0, bytes)), ByteBuffer.allocate(bytes), null);
  }

  @Test
  void aHistoryThatDoesNotFollowOursIsRefused() throws Exception {
    Lineage old = new Lineage(List.of(new Position(1, 5)));
    refuses(
        "epoch 1 after epoch " + FakePrimary.EPOCH,
        link -> link.send(new Frame.Subscribed(FakePrimary.HISTORY, 1, old, Frame.Mode.CHANGES)));
    refuses(
        "not ours",
        link -> link.send(new Frame.Subscribed(Bytes.of("x"), 9, old, Frame.Mode.CHANGES)));
    refuses(
        "not empty",
        link -> link.send(new Frame.Subscribed(Bytes.of("x"), 9, old, Frame.Mode.FIRST_COPY)));
    refuses(
        "a cut from",
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          link.send(begin(Frame.Mode.CHANGES, NOW + 50, NOW + 100));
        });
    refuses(
        "past the epoch",
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          Position later = new Position(FakePrimary.EPOCH + 1, 1);
          link.send(new Frame.CutBegin(9, at(NOW), later, Frame.Mode.CHANGES, 1, 1));
        });
    refuses(
        "not agreed",
        link -> {
          link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
          link.send(begin(Frame.Mode.INVENTORY, NOW, NOW + 1));
        });
    refusesInACut(
        "in a cut to",
        link -> {
          Position later = new Position(FakePrimary.EPOCH + 1, 1);
          Entry directory = new Entry.Directory(metadata(0755));
          link.send(rows(new Row(new Change.InodeSet(new EntryId(60), later, directory), null)));
        });
    followsARightOne();
  }

  @Test
  void rowsAboutWhatIsNotThePrimarysAreRefused() throws Exception {
    refusesInACut("the root itself", link -> link.send(rows(gone(ROOT))));
    refusesInACut("the root itself", link -> link.send(rows(name(DIRECTORY, "r", ROOT, NOW + 1))));
    refusesInACut(
        "no directory",
        link ->
            link.send(
                rows(
                    inode(
                        ROOT, NOW + 1, new Entry.SymbolicLink(metadata(0777), Bytes.of("/etc"))))));
    refusesInACut(
        "work directory",
        link -> link.send(rows(directory(60, NOW + 1), name(ROOT, ".hotspare", 60, NOW + 1))));
    Metadata layer =
        new Metadata(
            0755,
            0,
            0,
            new Timestamp(1, 1),
            List.of(new Attribute(Bytes.of("trusted.overlay.redirect"), Bytes.of("/etc"))));
    refusesInACut(
        "not mirrored", link -> link.send(rows(inode(60, NOW + 1, new Entry.Directory(layer)))));
    followsARightOne();
  }

  @Test
  void rowsThatDoNotFitTheTreeAreRefused() throws Exception {
    Frame.CutEnd end = new Frame.CutEnd(at(NOW + 100));
    for (long parent : new long[] {FILE, LINK}) {
      refusesInACut(
          "a name in entry",
          link -> {
            link.send(rows(directory(60, NOW + 1), name(parent, "x", 60, NOW + 2)));
            link.send(end);
          });
    }
    refusesInACut(
        "which is a directory, becomes a symbolic link",
        link -> {
          Entry.SymbolicLink out =
              new Entry.SymbolicLink(metadata(0777), Bytes.of(outside.toString()));
          link.send(rows(inode(DIRECTORY, NOW + 1, out)));
          link.send(end);
        });
    followsARightOne();
  }

  @Test
  void contentThatIsNotWhatWasAnnouncedIsRefused() throws Exception {
    Frame.CutEnd end = new Frame.CutEnd(at(NOW + 100));
    byte[] ten = new byte[10];
    refusesInACut(
        "does not continue at 0 of 10",
        link -> {
          link.send(withPayload(20, file(60, NOW + 1, 10, primary.digest(ten), literal(20, true))));
          link.send(end);
        });
    refusesInACut(
        "steps end at 10",
        link -> {
          link.send(withPayload(10, file(60, NOW + 1, 99, primary.digest(ten), literal(10, true))));
          link.send(end);
        });
    refusesInACut(
        "announced with 10",
        link -> {
          link.send(rows(file(60, NOW + 1, 10, null, literal(0, false))));
          Entry.RegularFile other =
              new Entry.RegularFile(metadata(0644), 11, primary.digest(ten), 0);
          link.send(
              new Frame.ContentPart(
                  new EntryId(60),
                  List.of(new DeltaOp.Literal(0, 10)),
                  ByteBuffer.allocate(10),
                  other));
        });
    followsARightOne();
  }

  @Test
  void whatNeverFitsIsGivenUp() throws Exception {
    Frame.Rows wrong =
        withPayload(10, file(60, NOW + 1, 10, primary.digest(new byte[3]), literal(10, true)));
    refusesInACut("does not arrive as it was announced", link -> sendAgainAndAgain(link, wrong));
    Frame.Rows circle =
        rows(
            directory(70, NOW + 1),
            directory(71, NOW + 1),
            name(70, "in", 71, NOW + 1),
            name(71, "in", 70, NOW + 1));
    refusesInACut("does not arrive as it was announced", link -> sendAgainAndAgain(link, circle));
    followsARightOne();
  }

  /** Whenever the standby asks for what it lacks. */
  private static void sendAgainAndAgain(Link link, Frame.Rows rows) throws IOException {
    link.send(rows);
    link.sendNow(new Frame.CutEnd(at(NOW + 100)));
    for (int i = 0; i < 20; i++) {
      FakePrimary.next(link, Frame.Want.class);
      link.send(begin(Frame.Mode.CHANGES, NOW + 100, NOW + 100));
      link.send(rows);
      link.sendNow(new Frame.CutEnd(at(NOW + 100)));
    }
  }

  @Test
  void namesOfWhatNeverComesDoNotFillTheMemory() throws Exception {
    refusesInACut(
        "entries that did not come",
        link -> {
          try {
            for (int frame = 0; frame < 1000; frame++) {
              List<Row> many = new ArrayList<>();
              for (int i = 0; i < 4096; i++) {
                many.add(name(ROOT, "n" + frame + "-" + i, 1000 + i, NOW + 1));
              }
              link.send(new Frame.Rows(many, ByteBuffer.allocate(0)));
            }
          } catch (IOException e) {
            // The standby had enough.
          }
        });
    followsARightOne();
  }

  @Test
  void aFrameOfFourGigabytesIsRefused() throws Exception {
    refusesInACut(
        "rules",
        link -> {
          link.flush();
          new RawFrames(link).lengths(-1, -1);
        });
    followsARightOne();
  }
}
