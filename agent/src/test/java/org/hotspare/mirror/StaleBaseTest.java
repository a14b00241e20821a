package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.name;
import static org.hotspare.mirror.FakePrimary.rows;

import java.nio.file.Path;
import java.util.List;
import org.hotspare.tree.Digest;
import org.hotspare.tree.EntryId;
import org.hotspare.wire.FileContent;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps start from a version that the standby does not have. */
final class StaleBaseTest {
  private static final long ROOT = EntryId.ROOT.value();
  private static final long FILE = 7;

  @TempDir Path base;

  /** One cut after the other begins so where a file changes all the time. */
  @Test
  void aFileThatCameWholeInTheSameCutIsNotAskedForAgain() throws Exception {
    try (FakePrimary primary = new FakePrimary(base)) {
      Link link = primary.firstCopy(3);
      link.send(rows(FakePrimary.directory(ROOT, 1)));
      link.send(primary.file(FILE, 2, "first"));
      link.send(rows(name(ROOT, "file", FILE, 3)));
      link.sendNow(new Frame.CutEnd(at(3)));
      assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(3));

      link.send(begin(Frame.Mode.CHANGES, 3, 4));
      Digest another = primary.digest(new byte[] {1});
      FileContent steps = new FileContent(another, List.of(), true);
      link.send(rows(FakePrimary.file(FILE, 4, 0, another, steps)));
      link.send(primary.file(FILE, 4, "second"));
      link.sendNow(new Frame.CutEnd(at(4)));
      Frame answer = link.receive();
      while (answer instanceof Frame.Report) {
        answer = link.receive();
      }
      assertThat(answer).isEqualTo(new Frame.Ack(at(4)));
      assertThat(primary.tree.resolve("file")).hasContent("second");
      assertThat(primary.tree).isDirectoryContaining(path -> path.endsWith("file"));
    }
  }
}
