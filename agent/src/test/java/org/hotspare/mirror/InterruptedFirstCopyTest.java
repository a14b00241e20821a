package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.directory;
import static org.hotspare.mirror.FakePrimary.name;
import static org.hotspare.mirror.FakePrimary.rows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.hotspare.tree.EntryId;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A standby that stops before the first batch of its first copy is in its index. */
final class InterruptedFirstCopyTest {
  private static final long ROOT = 1;
  private static final long FILE = 2;

  @TempDir Path base;

  @Test
  void whatTheLostBatchLeftIsNotAskedAbout() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      Link link = primary.firstCopy(10);
      link.sendNow(rows(directory(ROOT, 1)));
      // A kill leaves what the batch had put in place, and an index that knows nothing of it.
      link = leavingBehind(primary, link, "half", "of an older version");

      assertThat(FakePrimary.subscription(link).emptyTree()).isFalse();
      link.send(FakePrimary.agreed(Frame.Mode.INVENTORY));
      link.send(begin(Frame.Mode.INVENTORY, 0, 20));
      link.send(rows(directory(ROOT, 1)));
      Frame.Rows file = primary.file(FILE, 12, "newer");
      link.send(rows(new org.hotspare.wire.Row(file.rows().getFirst().change(), null)));
      link.send(rows(name(ROOT, "half", FILE, 13)));
      link.sendNow(new Frame.CutEnd(at(20)));

      // It connects anew with the primary's rows in its index, and lacks the file alone.
      link = primary.accepted();
      assertThat(FakePrimary.subscription(link).position()).isEqualTo(at(20));
      assertThat(primary.news).noneMatch(text -> text.startsWith("HELD"));
      assertThat(primary.tree.resolve("half")).doesNotExist();
    }
  }

  /** The first cut came to its end, but lacked an entry: there is no position to go on from. */
  @Test
  void whatBatchesBroughtBeforeAnythingWasAcknowledgedIsNotAskedAbout() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      Link link = primary.firstCopy(10);
      link.send(rows(directory(ROOT, 1)));
      link.send(primary.file(FILE, 2, "older"));
      link.send(rows(name(ROOT, "half", FILE, 3), name(ROOT, "lacking", FILE + 1, 4)));
      link.sendNow(new Frame.CutEnd(at(10)));
      assertThat(FakePrimary.next(link, Frame.Want.class).ids()).contains(new EntryId(FILE + 1));
      link.close("cut");

      link = primary.accepted();
      assertThat(FakePrimary.subscription(link).emptyTree()).isFalse();
      link.send(FakePrimary.agreed(Frame.Mode.INVENTORY));
      link.send(begin(Frame.Mode.INVENTORY, 0, 20));
      link.send(rows(directory(ROOT, 1)));
      link.sendNow(new Frame.CutEnd(at(20)));

      link = primary.accepted();
      assertThat(FakePrimary.subscription(link).position()).isEqualTo(at(20));
      assertThat(primary.news).noneMatch(text -> text.startsWith("HELD"));
      assertThat(primary.tree.resolve("half")).doesNotExist();
    }
  }

  @Test
  void whatWasThereBeforeItBeganIsAskedAbout() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      Files.writeString(primary.tree.resolve("half"), "somebody's");
      Link link = primary.connected();
      assertThat(FakePrimary.subscription(link).emptyTree()).isFalse();
      link.send(FakePrimary.agreed(Frame.Mode.INVENTORY));
      link.send(begin(Frame.Mode.INVENTORY, 0, 20));
      link.send(rows(directory(ROOT, 1)));
      link.sendNow(new Frame.CutEnd(at(20)));
      while (FakePrimary.next(link, Frame.Report.class).held() == null) {
        assertThat(primary.tree.resolve("half")).hasContent("somebody's");
      }
      assertThat(primary.view().held()).contains("would replace 0 and delete 1");
    }
  }

  private static Link leavingBehind(FakePrimary primary, Link link, String name, String content)
      throws Exception {
    // The subscription was taken note of once the standby reports after it.
    assertThat(FakePrimary.next(link, Frame.Report.class).state()).isEqualTo("COPYING");
    link.close("killed");
    primary.stopStandby();
    Files.writeString(primary.tree.resolve(name), content);
    return primary.connected();
  }
}
