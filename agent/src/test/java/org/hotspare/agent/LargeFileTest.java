package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a standby is sent of a file that is large and hardly changed. */
@Timeout(180)
final class LargeFileTest {
  private static final long MIB = 1 << 20;
  private static final int VERSIONS = 12;
  private static final int SIZE = 150 << 20;

  @TempDir Path base;
  private TestPair pair;

  @BeforeEach
  void make() throws IOException {
    pair = TestPair.make(base);
  }

  @AfterEach
  void stop() throws Exception {
    pair.close();
  }

  @Test
  void whatIsCopiedComesInPartsThatAreSoonDone() throws Exception {
    Path file = Files.createDirectories(pair.alpha().tree()).resolve("large");
    byte[] content = new byte[SIZE];
    new Random(11).nextBytes(content);
    Files.write(file, content);
    pair.start().assertSame();
    pair.beta().stop();
    try (Link link = pair.connectAsBeta()) {
      link.sendNow(
          new Frame.Subscribe("www", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true));
      Position had = next(link, Frame.CutEnd.class).to();
      link.sendNow(new Frame.Ack(had));
      try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
        open.seek(SIZE / 2);
        open.write(content[SIZE / 2] + 1);
      }
      List<Frame.ContentPart> parts = parts(link);
      assertThat(parts.stream().mapToLong(LargeFileTest::copied).sum())
          .isBetween(SIZE - 2 * MIB, (long) SIZE);
      assertThat(parts).allMatch(part -> copied(part) <= 64 * MIB);
    }
    pair.beta().start();
    pair.assertSame();
  }

  /** The file is another version already when what was read of it is noted. */
  @Test
  void stepsStartFromTheVersionThatWasSentLastThoughTheFileIsWrittenToAllTheTime()
      throws Exception {
    Path file = Files.createDirectories(pair.alpha().tree()).resolve("busy");
    Files.write(file, new byte[(int) (4 * MIB)]);
    pair.start().assertSame();
    pair.beta().stop();
    AtomicBoolean done = new AtomicBoolean();
    Thread writer = Thread.ofPlatform().start(() -> keepWriting(file, done));
    try (Link link = pair.connectAsBeta()) {
      link.sendNow(
          new Frame.Subscribe("www", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true));
      List<Digest> sent = new ArrayList<>();
      List<Digest> bases = new ArrayList<>();
      while (sent.size() < VERSIONS) {
        switch (link.receive()) {
          case Frame.Rows rows ->
              rows.rows().stream()
                  .map(Row::content)
                  .filter(Objects::nonNull)
                  .forEach(content -> bases.add(content.base()));
          case Frame.ContentPart part when part.finished() != null ->
              sent.add(part.finished().digest());
          default -> {}
        }
      }
      assertThat(bases.getFirst()).as("nothing was sent before").isNull();
      assertThat(bases.subList(1, VERSIONS)).isEqualTo(sent.subList(0, VERSIONS - 1));
    } finally {
      done.set(true);
      writer.join();
    }
    pair.beta().start();
    pair.assertSame();
  }

  private static void keepWriting(Path file, AtomicBoolean done) {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      Random random = new Random(12);
      while (!done.get()) {
        open.seek(random.nextInt((int) (4 * MIB)));
        open.write(random.nextInt());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of the next file. */
  private static List<Frame.ContentPart> parts(Link link) throws IOException {
    List<Frame.ContentPart> parts = new ArrayList<>();
    do {
      parts.add(next(link, Frame.ContentPart.class));
    } while (parts.getLast().finished() == null);
    return parts;
  }

  private static <T extends Frame> T next(Link link, Class<T> kind) throws IOException {
    while (true) {
      Frame frame = link.receive();
      if (kind.isInstance(frame)) {
        return kind.cast(frame);
      }
    }
  }

  private static long copied(Frame.ContentPart part) {
    return part.ops().stream()
        .filter(DeltaOp.Copy.class::isInstance)
        .mapToLong(DeltaOp::length)
        .sum();
  }
}
