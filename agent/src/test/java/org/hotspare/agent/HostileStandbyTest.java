package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.hotspare.mirror.MirrorView;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.LinkOptions;
import org.hotspare.wire.RawFrames;
import org.hotspare.wire.RefusedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A standby that has a valid certificate and says what no standby says: the primary closes the
 * connection with the reason, confirms nothing that it did not send, and writes nothing into its
 * tree; the real standby is served as before.
 */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HostileStandbyTest {
  private static final Metadata PLAIN = new Metadata(0755, 0, 0, new Timestamp(1, 0), List.of());

  @TempDir Path base;
  private TestPair pair;
  private Path outside;

  private interface Attack {
    void over(Link link) throws IOException;
  }

  @BeforeEach
  void start() throws Exception {
    outside = Files.createDirectory(base.resolve("outside"));
    pair = TestPair.make(base).start();
    Files.createDirectory(pair.alpha().tree().resolve("d"));
    Files.writeString(pair.alpha().tree().resolve("d/file"), "right");
    Files.createSymbolicLink(pair.alpha().tree().resolve("link"), outside);
    pair.assertSame();
    pair.beta().stop();
  }

  @AfterEach
  void stop() throws Exception {
    pair.close();
  }

  private static Frame.Subscribe fromNothing() {
    return new Frame.Subscribe("www", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true);
  }

  /** A subscription that went as it should: the first copy was sent. */
  private Link subscribed() throws IOException {
    Link link = pair.connectAsBeta();
    link.sendNow(fromNothing());
    next(link, Frame.CutEnd.class);
    return link;
  }

  private static <T extends Frame> T next(Link link, Class<T> kind) throws IOException {
    while (true) {
      Frame frame = link.receive();
      if (kind.isInstance(frame)) {
        return kind.cast(frame);
      }
    }
  }

  private void refuses(String reason, Attack attack) throws Exception {
    Link link = subscribed();
    attack.over(link);
    link.flush();
    assertThat(refusal(link)).contains(reason);
    assertThat(pair.tryBarrier(Duration.ofMillis(300)).durable()).isFalse();
  }

  private static String refusal(Link link) throws IOException {
    try {
      while (true) {
        link.receive();
      }
    } catch (RefusedException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static String refusalOf(Link link) {
    try {
      return refusal(link);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asks for what there is not; whether it could. */
  private static boolean asks(Link link, Random random) {
    List<EntryId> ids = new ArrayList<>();
    for (int i = 0; i < 1 << 16; i++) {
      ids.add(new EntryId(random.nextLong(1, Long.MAX_VALUE)));
    }
    try {
      link.sendNow(new Frame.Want(ids));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void servesTheRealOne() throws Exception {
    pair.beta().start();
    Files.writeString(pair.alpha().tree().resolve("d/after"), "after the attack");
    pair.assertSame();
    try (var files = Files.list(outside)) {
      assertThat(files).isEmpty();
    }
    assertThat(pair.alpha().tree().resolve("evil")).doesNotExist();
  }

  @Test
  void nothingIsConfirmedThatWasNotSent() throws Exception {
    refuses("of which only", link -> link.send(new Frame.Ack(new Position(Position.MAX_EPOCH, 1))));
    Link link = pair.connectAsBeta();
    link.sendNow(fromNothing());
    Position first = next(link, Frame.CutEnd.class).to();
    link.sendNow(new Frame.Ack(first));
    link.sendNow(new Frame.Ack(Position.NONE));
    assertThat(refusal(link)).contains("is acknowledged after");

    // Of the very history, at a place that it never came to.
    Link ahead = pair.connectAsBeta();
    Frame.Subscribed known = known();
    Position beyond = new Position(known.epoch(), Position.MAX_SEQUENCE);
    ahead.sendNow(
        new Frame.Subscribe("www", known.history(), beyond, known.lineage(), true, false));
    assertThat(next(ahead, Frame.Subscribed.class).mode()).isEqualTo(Frame.Mode.INVENTORY);
    assertThat(pair.tryBarrier(Duration.ofMillis(300)).durable()).isFalse();
    ahead.close();
    servesTheRealOne();
  }

  private Frame.Subscribed known() throws IOException {
    try (Link link = pair.connectAsBeta()) {
      link.sendNow(fromNothing());
      return next(link, Frame.Subscribed.class);
    }
  }

  @Test
  void whatNobodyAskedForIsNotBroughtBack() throws Exception {
    refuses("nobody asked for", link -> link.send(restore("evil")));
    refuses("nobody asked for", link -> link.send(new Frame.RestoreEnd(1)));
    for (String path : List.of("../outside/evil", "/etc/evil", "d/../../outside/evil", "x\0y")) {
      refuses("rules", link -> new RawFrames(link).restore(Bytes.of(path).toArray()));
    }
    servesTheRealOne();
  }

  @Test
  void whatComesBackThroughALinkGoesNowhere() throws Exception {
    Link link = subscribed();
    pair.alpha().operations().reject(null);
    assertThat(next(link, Frame.Decide.class).decision()).isEqualTo(Frame.Decision.REJECT);
    link.send(restore("link/evil"));
    link.send(restore("d/file/evil"));
    link.send(restore("d/good"));
    link.sendNow(new Frame.RestoreEnd(3));
    Frame.RestoreDone done = next(link, Frame.RestoreDone.class);
    assertThat(done.failed()).isEqualTo(2);
    assertThat(pair.alpha().tree().resolve("d/good")).isDirectory();
    link.sendNow(restore("evil"));
    assertThat(refusal(link)).contains("nobody asked for");
    servesTheRealOne();
  }

  private static Frame.Restore restore(String path) {
    return new Frame.Restore(
        RelPath.parse(Bytes.of(path)),
        new EntryId(path.hashCode() & 0xffff),
        false,
        new Entry.Directory(PLAIN),
        List.of(),
        ByteBuffer.allocate(0),
        true);
  }

  @Test
  void requestsAreBounded() throws Exception {
    Random random = new Random(7);
    Link greedy = subscribed();
    CompletableFuture<String> refusal = CompletableFuture.supplyAsync(() -> refusalOf(greedy));
    // Some of it is answered meanwhile, and does not count any more.
    TestPair.await("it is too much", () -> !asks(greedy, random) || refusal.isDone());
    assertThat(refusal.get(20, TimeUnit.SECONDS)).contains("are asked for");
    assertThat(pair.tryBarrier(Duration.ofMillis(300)).durable()).isFalse();
    Link link = subscribed();
    link.sendNow(new Frame.Want(List.of(new EntryId(Long.MAX_VALUE), new EntryId(1))));
    assertThat(next(link, Frame.Rows.class).rows()).isNotEmpty();
    link.close();
    servesTheRealOne();
  }

  @Test
  void framesThatAStandbyDoesNotSendAreRefused() throws Exception {
    refuses("a standby does not send", link -> link.send(new Frame.CutEnd(Position.NONE)));
    refuses("a standby does not send", link -> link.send(fromNothing()));
    refuses("rules", link -> new RawFrames(link).lengths(-1, 0));
    Link other = pair.connectAsBeta();
    other.sendNow(
        new Frame.Subscribe("none", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true));
    assertThat(refusal(other)).contains("none");
    servesTheRealOne();
  }

  /** Is sent more than fits the connection, and does not read it. */
  private Link readingNothing(LongSupplier work) throws Exception {
    byte[] large = new byte[64 << 20];
    new Random(5).nextBytes(large);
    Files.write(pair.alpha().tree().resolve("d/large"), large);
    Link link = pair.connectAsBeta();
    link.showWork(work);
    link.sendNow(fromNothing());
    PrimaryMirror mirror = mirror();
    TestPair.await("it is served", () -> isConnected(mirror));
    return link;
  }

  private PrimaryMirror mirror() {
    return Objects.requireNonNull(pair.alpha().agent().primaries().get("www"));
  }

  private static void awaitEnd(PrimaryMirror mirror, Duration limit) throws InterruptedException {
    long started = System.nanoTime();
    TestPair.await(
        "it is disconnected",
        () -> {
          mirror.closeStalled(limit);
          return !isConnected(mirror);
        });
    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(limit.multipliedBy(4));
  }

  @Test
  void whoReadsNothingIsDisconnectedInTime() throws Exception {
    Link link = readingNothing(() -> 0);
    // Long after the beat that keeps the connection alive, were it that alone.
    awaitEnd(mirror(), LinkOptions.DEAD_AFTER.plusSeconds(2));
    assertThat(Files.readString(pair.alpha().state().resolve("events.jsonl")))
        .contains("standby beta has read nothing for");
    link.close();
    servesTheRealOne();
  }

  /** Its disk may be slow. */
  @Test
  @Tag("long")
  void whoReadsNothingStaysConnectedWhileItWorks() throws Exception {
    AtomicLong done = new AtomicLong();
    AtomicBoolean working = new AtomicBoolean(true);
    Link link = readingNothing(() -> working.get() ? done.incrementAndGet() : done.get());
    PrimaryMirror mirror = mirror();
    long started = System.nanoTime();
    TestPair.await(
        "it worked for long",
        () -> {
          mirror.closeStalled(LinkOptions.DEAD_AFTER);
          assertThat(isConnected(mirror)).isTrue();
          return System.nanoTime() - started > 2 * LinkOptions.DEAD_AFTER.toNanos();
        });
    working.set(false);
    awaitEnd(mirror, LinkOptions.DEAD_AFTER);
    link.close();
    servesTheRealOne();
  }

  @Test
  void whoReadsNothingIsDisconnectedAlsoWhenItIsToBringEntriesBack() throws Exception {
    Link link = readingNothing(() -> 0);
    PrimaryMirror mirror = mirror();
    CompletableFuture<Void> rejecting =
        CompletableFuture.runAsync(
            () -> {
              try {
                assertThat(mirror.reject()).isNull();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    awaitEnd(mirror, LinkOptions.DEAD_AFTER);
    rejecting.get(20, TimeUnit.SECONDS);
    link.close();
    servesTheRealOne();
  }

  private static boolean isConnected(PrimaryMirror mirror) {
    return mirror.view().standbys().stream().anyMatch(MirrorView.StandbyView::connected);
  }

  @Test
  void aFloodOfReportsIsOnlyTheLastOne() throws Exception {
    Link link = subscribed();
    List<Frame.PathProblem> many = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      many.add(new Frame.PathProblem(Bytes.of("x".repeat(2000)), "y".repeat(1000)));
    }
    for (int i = 0; i < 200; i++) {
      link.send(new Frame.Report("IN_SYNC", i, i, null, many, 1L << 40, 1));
    }
    link.send(new Frame.Report("IN_SYNC", 1, 1, null, List.of(), 0, 0));
    link.flush();
    TestPair.await("the last report", () -> pair.alpha().mirror().problemCount() == 0);
    link.close();
    servesTheRealOne();
  }
}
