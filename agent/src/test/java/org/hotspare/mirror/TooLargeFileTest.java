package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.directory;
import static org.hotspare.mirror.FakePrimary.file;
import static org.hotspare.mirror.FakePrimary.literal;
import static org.hotspare.mirror.FakePrimary.metadata;
import static org.hotspare.mirror.FakePrimary.name;
import static org.hotspare.mirror.FakePrimary.rows;

import java.nio.ByteBuffer;
import java.util.List;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.LoopFileSystem.Kind;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A file that is larger than any that the standby's filesystem can hold. */
@Timeout(120)
final class TooLargeFileTest {
  private static final long ROOT = 1;
  private static final long FILE = 2;

  /** The largest file of ext4 has 16 TiB. */
  private static final long SIZE_BYTES = 17L << 40;

  @Test
  void itIsLackingAndKeepsNothingElseFromBeingConfirmed() throws Exception {
    try (LoopFileSystem disk = LoopFileSystem.create(Kind.EXT4, 50);
        FakePrimary primary = new FakePrimary(disk.path())) {
      Link link = primary.firstCopy(10);
      link.send(rows(directory(ROOT, 1)));
      link.sendNow(new Frame.CutEnd(at(10)));
      assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(10));

      send(primary, link, 10, 20);
      assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(20));

      assertThat(FakePrimary.next(link, Frame.Want.class).ids()).containsExactly(new EntryId(FILE));
      send(primary, link, 20, 30);
      assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(30));
      assertThat(primary.view().problems())
          .singleElement()
          .satisfies(problem -> assertThat(problem.reason()).contains("File too large"));
    }
  }

  private static void send(FakePrimary primary, Link link, long from, long to) throws Exception {
    link.send(begin(Frame.Mode.CHANGES, from, to));
    link.send(rows(file(FILE, 12, SIZE_BYTES, null, literal(0, false))));
    Entry.RegularFile whole =
        new Entry.RegularFile(metadata(0644), SIZE_BYTES, primary.digest(new byte[0]), 0);
    link.send(new Frame.ContentPart(new EntryId(FILE), List.of(), ByteBuffer.allocate(0), whole));
    link.send(rows(name(ROOT, "large", FILE, 13)));
    link.sendNow(new Frame.CutEnd(at(to)));
  }
}
