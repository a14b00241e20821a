package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.mirror.FakePrimary.at;
import static org.hotspare.mirror.FakePrimary.begin;
import static org.hotspare.mirror.FakePrimary.directory;
import static org.hotspare.mirror.FakePrimary.file;
import static org.hotspare.mirror.FakePrimary.literal;
import static org.hotspare.mirror.FakePrimary.name;
import static org.hotspare.mirror.FakePrimary.rows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file that the primary could not read once: the standby goes on without it, says so before it
 * confirms anything past it, and asks for it until it comes.
 */
final class UnreadableFileTest {
  private static final long ROOT = 1;
  private static final long KNOWN = 2;
  private static final long NEW = 3;
  private static final String WHY = "cannot be read on the primary: Input/output error";

  @TempDir Path base;
  private FakePrimary primary;
  private Link link;

  @BeforeEach
  void copyATree() throws Exception {
    primary = new FakePrimary(base);
    link = primary.connected();
    assertThat(FakePrimary.subscription(link).emptyTree()).isTrue();
    link.send(FakePrimary.agreed(Frame.Mode.FIRST_COPY));
    link.send(begin(Frame.Mode.FIRST_COPY, 0, 10));
    link.send(rows(directory(ROOT, 1)));
    link.send(primary.file(KNOWN, 2, "first"));
    link.send(rows(name(ROOT, "known", KNOWN, 3)));
    link.sendNow(new Frame.CutEnd(at(10)));
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(10));
  }

  @AfterEach
  void stop() {
    primary.close();
  }

  private void sendANewOneThatCannotBeRead() throws Exception {
    link.send(begin(Frame.Mode.CHANGES, 10, 20));
    link.send(new Frame.ContentAborted(new EntryId(NEW), WHY));
    link.send(rows(name(ROOT, "new", NEW, 12)));
    link.sendNow(new Frame.CutEnd(at(20)));
    assertIsConfirmedWithout("new", 20);
  }

  @Test
  void aNewOneIsAskedForUntilItComes() throws Exception {
    sendANewOneThatCannotBeRead();

    assertThat(FakePrimary.next(link, Frame.Want.class).ids()).containsExactly(new EntryId(NEW));
    link.send(begin(Frame.Mode.CHANGES, 20, 30));
    link.send(primary.file(NEW, 11, "readable again"));
    link.send(rows(name(ROOT, "new", NEW, 12)));
    link.sendNow(new Frame.CutEnd(at(30)));
    assertIsWhole(30);
    assertThat(primary.tree.resolve("new")).hasContent("readable again");
  }

  @Test
  void aNewOneThatComesWithAChangeGetsTheNamesThatWereToldBefore() throws Exception {
    sendANewOneThatCannotBeRead();

    link.send(begin(Frame.Mode.CHANGES, 20, 30));
    link.send(primary.file(NEW, 22, "changed"));
    link.send(rows(name(ROOT, "linked since", NEW, 23)));
    link.sendNow(new Frame.CutEnd(at(30)));
    assertIsAskedForBeforeAnythingIsConfirmed();
    sendItWithAllNames(30, 40);
    assertIsWhole(40);
    assertThat(primary.tree.resolve("new")).hasContent("changed");
    assertThat(primary.tree.resolve("linked since")).hasContent("changed");
  }

  /** It changed while the request for it was under way: the change says nothing of its names. */
  @Test
  void aChangeThatCrossesTheRequestIsNoAnswerToIt() throws Exception {
    link.send(begin(Frame.Mode.CHANGES, 10, 20));
    link.send(new Frame.ContentAborted(new EntryId(NEW), WHY));
    link.send(rows(name(ROOT, "new", NEW, 12), name(ROOT, "linked since", NEW, 13)));
    link.sendNow(new Frame.CutEnd(at(20)));
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(20));
    assertThat(FakePrimary.next(link, Frame.Want.class).ids()).containsExactly(new EntryId(NEW));

    link.send(begin(Frame.Mode.CHANGES, 20, 30));
    link.send(primary.file(NEW, 22, "changed"));
    link.sendNow(new Frame.CutEnd(at(30)));
    assertIsAskedForBeforeAnythingIsConfirmed();
    sendItWithAllNames(30, 40);
    assertIsWhole(40);
    assertThat(primary.tree.resolve("new")).hasContent("changed");
    assertThat(primary.tree.resolve("linked since")).hasContent("changed");
  }

  private void sendItWithAllNames(long from, long to) throws Exception {
    link.send(begin(Frame.Mode.CHANGES, from, to));
    link.send(primary.file(NEW, 22, "changed"));
    link.send(rows(name(ROOT, "new", NEW, 12), name(ROOT, "linked since", NEW, 23)));
    link.sendNow(new Frame.CutEnd(at(to)));
  }

  private void assertIsAskedForBeforeAnythingIsConfirmed() throws Exception {
    Frame frame = link.receive();
    while (!(frame instanceof Frame.Want)) {
      assertThat(frame).isNotInstanceOf(Frame.Ack.class);
      frame = link.receive();
    }
    assertThat(frame).isEqualTo(new Frame.Want(List.of(new EntryId(NEW))));
  }

  @Test
  void oneThatBreaksOffKeepsItsLastContentUntilThen() throws Exception {
    link.send(begin(Frame.Mode.CHANGES, 10, 20));
    link.send(rows(file(KNOWN, 12, 4, null, literal(0, false))));
    link.send(new Frame.ContentAborted(new EntryId(KNOWN), WHY));
    link.sendNow(new Frame.CutEnd(at(20)));
    assertIsConfirmedWithout("known", 20);
    assertThat(primary.tree.resolve("known")).hasContent("first");

    assertThat(FakePrimary.next(link, Frame.Want.class).ids()).containsExactly(new EntryId(KNOWN));
    link.send(begin(Frame.Mode.CHANGES, 20, 30));
    link.send(primary.file(KNOWN, 12, "then"));
    link.send(rows(name(ROOT, "known", KNOWN, 3)));
    link.sendNow(new Frame.CutEnd(at(30)));
    assertIsWhole(30);
    assertThat(primary.tree.resolve("known")).hasContent("then");
  }

  /** Before the standby confirms the position it says what it lacks of it. */
  private void assertIsConfirmedWithout(String path, long position) throws Exception {
    List<Frame.Report> told = new ArrayList<>();
    Frame frame = link.receive();
    while (!(frame instanceof Frame.Ack)) {
      if (frame instanceof Frame.Report report) {
        told.add(report);
      }
      frame = link.receive();
    }
    assertThat(frame).isEqualTo(new Frame.Ack(at(position)));
    assertThat(told.getLast().unmade()).isEqualTo(1);
    assertThat(told.getLast().problems())
        .isEqualTo(List.of(new Frame.PathProblem(Bytes.of(path), WHY)));
  }

  private void assertIsWhole(long position) throws Exception {
    assertThat(FakePrimary.next(link, Frame.Ack.class).position()).isEqualTo(at(position));
    assertThat(FakePrimary.next(link, Frame.Report.class).unmade()).isZero();
  }
}
