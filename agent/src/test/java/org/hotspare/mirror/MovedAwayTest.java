package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.name;
import static org.hotspare.mirror.FakePrimary.rows;
import static org.hotspare.testing.Await.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.testing.Command;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody moves a directory of the standby's tree away for a while. */
final class MovedAwayTest {
  private static final long ROOT = EntryId.ROOT.value();
  private static final long OUTER = 7;
  private static final long INNER = 8;
  private static final long GONE = 9;
  private static final long STAYS = 10;

  @TempDir Path base;

  /** No event tells what was not done in it meanwhile. */
  private Link copied(FakePrimary primary) throws Exception {
    Link link = primary.firstCopy(9);
    link.send(rows(FakePrimary.directory(ROOT, 1), FakePrimary.directory(OUTER, 2)));
    link.send(rows(name(ROOT, "outer", OUTER, 3), FakePrimary.directory(INNER, 4)));
    link.send(rows(name(OUTER, "inner", INNER, 5)));
    link.send(primary.file(GONE, 6, "gone"));
    link.send(rows(name(INNER, "gone", GONE, 7)));
    link.send(primary.file(STAYS, 8, "stays"));
    link.send(rows(name(INNER, "stays", STAYS, 9)));
    link.sendNow(new Frame.CutEnd(at(9)));
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(9));
    return link;
  }

  private void sendAgain(FakePrimary primary, Link link, long from, boolean all) throws Exception {
    link.send(begin(Frame.Mode.CHANGES, from, from + 1));
    link.send(rows(FakePrimary.directory(OUTER, 2), name(ROOT, "outer", OUTER, 3)));
    link.send(rows(FakePrimary.directory(INNER, 4), name(OUTER, "inner", INNER, 5)));
    if (all) {
      link.send(primary.file(GONE, 6, "gone"));
      link.send(rows(name(INNER, "gone", GONE, 7)));
    }
    link.send(primary.file(STAYS, 8, "stays"));
    link.send(rows(name(INNER, "stays", STAYS, 9), FakePrimary.directory(ROOT, from + 1)));
    link.sendNow(new Frame.CutEnd(at(from + 1)));
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(from + 1));
  }

  @Test
  void whatThePrimaryDeletedInItMeanwhileIsNotThereWhenItIsBack() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      Link link = copied(primary);
      Path inner = primary.tree.resolve("outer/inner");
      long entries = primary.view().entries();

      // By another process: what the agent's own does is never taken for drift.
      move(primary.tree.resolve("outer"), base.resolve("aside"));
      assertThat(FakePrimary.next(link, Frame.Want.class).ids()).contains(new EntryId(INNER));
      link.send(begin(Frame.Mode.CHANGES, 9, 11));
      link.send(
          rows(
              new Row(new Change.NameGone(new EntryId(INNER), Name.of("gone"), at(10)), null),
              new Row(new Change.InodeGone(new EntryId(GONE), at(11)), null)));
      link.sendNow(new Frame.CutEnd(at(11)));
      await("it is deleted", () -> primary.view().entries() == entries - 1);
      move(base.resolve("aside"), primary.tree.resolve("outer"));
      sendAgain(primary, link, 11, false);

      await("it is compared", () -> !Files.exists(inner.resolve("gone")));
      assertThat(inner.resolve("stays")).hasContent("stays");
      assertThat(primary.tree.resolveSibling(".hotspare/www/kept")).isNotEmptyDirectory();
    }
  }

  /** What is not at its place when the tree is compared is not watched either. */
  @Test
  void whatWasAwayAtTheStartIsComparedAndWatchedWhenItIsBack() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      copied(primary);
      primary.stopStandby();
      Path inner = primary.tree.resolve("outer/inner");
      move(primary.tree.resolve("outer"), base.resolve("aside"));
      Files.writeString(base.resolve("aside/inner/foreign"), "while it was away");

      Link link = primary.connected();
      FakePrimary.subscription(link);
      link.send(FakePrimary.agreed(Frame.Mode.CHANGES));
      assertThat(FakePrimary.next(link, Frame.Want.class).ids()).contains(new EntryId(INNER));
      move(base.resolve("aside"), primary.tree.resolve("outer"));
      sendAgain(primary, link, 9, true);
      await("it is compared", () -> !Files.exists(inner.resolve("foreign")));
      assertThat(inner.resolve("gone")).hasContent("gone");

      Command.succeed(List.of("/usr/bin/touch", inner.resolve("another").toString()));
      await("it is watched", () -> !Files.exists(inner.resolve("another")));
    }
  }

  private static void move(Path from, Path to) throws Exception {
    Command.succeed(List.of("/usr/bin/mv", from.toString(), to.toString()));
  }
}
