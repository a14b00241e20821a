package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.wire.proto.Envelope;
import org.hotspare.wire.proto.NameSet;
import org.hotspare.wire.proto.Steps;
import org.junit.jupiter.api.Test;

class FrameCodecTest {
  private static final PayloadPacker ALWAYS =
      new ZstdPacker(new CompressionChoice(() -> CompressionMode.ON));
  private static final Metadata PLAIN = new Metadata(0644, 0, 0, Timestamp.EPOCH, List.of());

  @Test
  void everyFrameArrivesAsItWasSent() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    RandomFrames frames = new RandomFrames(seed);
    for (int i = 0; i < 50 * RandomFrames.KINDS; i++) {
      Frame frame = frames.ofKind(i % RandomFrames.KINDS);
      assertThat(read(write(frame, PayloadPacker.NONE))).as("seed %d", seed).isEqualTo(frame);
      assertThat(read(write(frame, ALWAYS))).as("seed %d", seed).isEqualTo(frame);
    }
  }

  @Test
  void framesFollowEachOther() throws IOException {
    RandomFrames frames = new RandomFrames(1);
    Frame first = frames.rows();
    Frame second = frames.ofKind(9);
    byte[] both = concat(write(first, PayloadPacker.NONE), write(second, ALWAYS));
    InputStream in = new ByteArrayInputStream(both);
    assertThat(FrameCodec.read(in, Bounds.HEADER_BYTES)).isEqualTo(first);
    assertThat(FrameCodec.read(in, Bounds.HEADER_BYTES)).isEqualTo(second);
    assertThatThrownBy(() -> FrameCodec.read(in, Bounds.HEADER_BYTES))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void payloadsMayBeDirectAndStayTheReceivers() throws IOException {
    ByteBuffer direct = ByteBuffer.allocateDirect(100);
    direct.position(10).limit(40);
    Row row =
        new Row(
            new Change.InodeSet(
                new EntryId(7), Position.NONE, new Entry.RegularFile(PLAIN, 30, null, 0)),
            new FileContent(null, List.of(new DeltaOp.Literal(0, 30)), true));
    Frame.Rows read =
        (Frame.Rows) read(write(new Frame.Rows(List.of(row), direct), PayloadPacker.NONE));
    assertThat(direct.position()).isEqualTo(10);
    assertThat(read.payload().isReadOnly()).isTrue();
    assertThat(read.payload().remaining()).isEqualTo(30);
  }

  @Test
  void brokenFramesAreRefusedWithoutAnUncheckedException() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    RandomFrames frames = new RandomFrames(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = write(frames.any(), random.nextBoolean() ? ALWAYS : PayloadPacker.NONE);
      readOrRefuse(damaged(bytes, random), seed);
    }
  }

  private static byte[] damaged(byte[] bytes, SplittableRandom random) {
    switch (random.nextInt(4)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> {
        // Behind the lengths, so that what is read is the damaged header.
        byte[] noise = new byte[random.nextInt(200)];
        random.nextBytes(noise);
        ByteBuffer.wrap(bytes).put(8, noise, 0, Math.min(noise.length, bytes.length - 8));
      }
      case 2 -> random.nextBytes(bytes);
      default -> {
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    return bytes;
  }

  private static void readOrRefuse(byte[] bytes, long seed) {
    try {
      assertThat(read(bytes)).isNotNull();
    } catch (ProtocolException | EOFException expected) {
      assertThat(expected.getMessage()).isNotEmpty();
    } catch (IOException | RuntimeException unexpected) {
      throw new AssertionError("seed " + seed, unexpected);
    }
  }

  @Test
  void lengthsAreCheckedBeforeAnythingIsAllocated() {
    for (int[] lengths :
        new int[][] {
          {-1, 0},
          {Integer.MAX_VALUE, 0},
          {Bounds.HEADER_BYTES + 1, 0},
          {0, 0},
          {2, -1},
          {2, Integer.MAX_VALUE},
          {2, Bounds.PAYLOAD_BYTES + 1}
        }) {
      byte[] prefix = ByteBuffer.allocate(8).putInt(lengths[0]).putInt(lengths[1]).array();
      assertThatThrownBy(() -> read(prefix)).isInstanceOf(ProtocolException.class);
    }
    byte[] payloadOfPing =
        raw(Envelope.newBuilder().setPing(org.hotspare.wire.proto.Ping.getDefaultInstance()), 9);
    assertThatThrownBy(() -> read(payloadOfPing)).hasMessageContaining("payload");
  }

  @Test
  void payloadsThatLieAboutTheirSizeAreRefused() {
    for (int unpacked : new int[] {1, 99, 101, Bounds.PAYLOAD_BYTES, Integer.MAX_VALUE, -1}) {
      byte[] packed = com.github.luben.zstd.Zstd.compress(new byte[100]);
      Envelope.Builder envelope = rows(100).setUnpackedLength(unpacked);
      assertThatThrownBy(() -> read(concat(raw(envelope, packed.length), packed)))
          .as("unpacked %d", unpacked)
          .isInstanceOf(ProtocolException.class);
    }
    assertThatThrownBy(() -> read(concat(raw(rows(99), 100), new byte[100])))
        .hasMessageContaining("literals of 99 bytes in a payload of 100");
  }

  private static Envelope.Builder rows(long literal) {
    return rows(Steps.newBuilder().addKind(1).addLength(literal).build());
  }

  private static Envelope.Builder rows(Steps steps) {
    return Envelope.newBuilder()
        .setRows(
            org.hotspare.wire.proto.Rows.newBuilder()
                .addRow(
                    org.hotspare.wire.proto.Row.newBuilder()
                        .setInodeSet(
                            org.hotspare.wire.proto.InodeSet.newBuilder()
                                .setId(5)
                                .setEntry(
                                    org.hotspare.wire.proto.Entry.newBuilder()
                                        .setRegularFile(
                                            org.hotspare.wire.proto.RegularFile
                                                .getDefaultInstance())))
                        .setContent(
                            org.hotspare.wire.proto.FileContent.newBuilder().setSteps(steps))));
  }

  @Test
  void stepsThatAreNoneAreRefused() {
    long most = Long.MAX_VALUE;
    List<Steps> wrong =
        List.of(
            Steps.newBuilder().addKind(3).addLength(0).build(),
            Steps.newBuilder().addKind(3).addLength(-1).build(),
            Steps.newBuilder().addKind(3).addLength(most).addKind(3).addLength(1).build(),
            Steps.newBuilder().addKind(1).addLength(most).build(),
            Steps.newBuilder().addKind(4).addLength(1).build(),
            Steps.newBuilder().addKind(3).build(),
            Steps.newBuilder().addKind(2).addLength(1).addSource(1).build(),
            Steps.newBuilder().addKind(2).addLength(1).build(),
            Steps.newBuilder().addKind(3).addLength(1).addSource(1).build(),
            Steps.newBuilder().setOffset(1).addKind(3).addLength(1).build(),
            Steps.newBuilder().setOffset(-1).addKind(3).addLength(1).build(),
            Steps.newBuilder()
                .addAllKind(Collections.nCopies(Bounds.STEPS + 1, 3))
                .addAllLength(Collections.nCopies(Bounds.STEPS + 1, 1L))
                .build());
    for (Steps steps : wrong) {
      assertThatThrownBy(() -> read(raw(rows(steps), 0)))
          .as("%s", steps.getKindCount() > 9 ? "too many" : steps)
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void namesThatLeaveTheirDirectoryAreRefused() {
    for (String name : new String[] {"", ".", "..", "a/b", "/etc", "a\0b", "x".repeat(256)}) {
      Envelope.Builder envelope =
          Envelope.newBuilder()
              .setRows(
                  org.hotspare.wire.proto.Rows.newBuilder()
                      .addRow(
                          org.hotspare.wire.proto.Row.newBuilder()
                              .setNameSet(
                                  NameSet.newBuilder()
                                      .setParent(1)
                                      .setId(2)
                                      .setName(ByteString.copyFromUtf8(name)))));
      assertThatThrownBy(() -> read(raw(envelope, 0)))
          .as(name)
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("not a file name");
    }
    for (String path : new String[] {"../x", "/etc/passwd", "a//b", "a/../b", "a/."}) {
      Envelope.Builder envelope =
          Envelope.newBuilder()
              .setRestore(
                  org.hotspare.wire.proto.Restore.newBuilder()
                      .setPath(ByteString.copyFromUtf8(path))
                      .setEntry(
                          org.hotspare.wire.proto.Entry.newBuilder()
                              .setDirectory(
                                  org.hotspare.wire.proto.Directory.getDefaultInstance())));
      assertThatThrownBy(() -> read(raw(envelope, 0)))
          .as(path)
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void manyTinyRowsCannotBlowTheMemoryUp() {
    // Two bytes on the wire become an object each: the header's bound is what limits them.
    byte[] header = new byte[Bounds.HEADER_BYTES];
    int length = header.length - 5;
    header[0] = (byte) 0xba; // field 23, with a length
    header[1] = 0x01;
    header[2] = (byte) ((length & 0x7f) | 0x80);
    header[3] = (byte) (((length >> 7) & 0x7f) | 0x80);
    header[4] = (byte) (length >> 14);
    for (int i = 5; i + 1 < header.length; i += 2) {
      header[i] = 0x0a;
    }
    byte[] prefix = ByteBuffer.allocate(8).putInt(header.length).putInt(0).array();
    assertThatThrownBy(() -> read(concat(prefix, header))).isInstanceOf(ProtocolException.class);
  }

  @Test
  void whatAFrameCannotCarryIsFoundBeforeItIsSent() {
    Attribute large = new Attribute(Bytes.of("user.x"), Bytes.wrap(new byte[65_537]));
    Entry entry = new Entry.Directory(new Metadata(0, 0, 0, Timestamp.EPOCH, List.of(large)));
    assertThat(Bounds.refusal(entry)).hasValueSatisfying(r -> assertThat(r).contains("65537"));
    Frame frame =
        new Frame.Rows(
            List.of(new Row(new Change.InodeSet(EntryId.ROOT, Position.NONE, entry), null)),
            ByteBuffer.allocate(0));
    assertThatThrownBy(() -> write(frame, PayloadPacker.NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Bounds.refusal(new Entry.Directory(PLAIN))).isEmpty();
  }

  @Test
  void theEstimateOfARowsSizeIsNeverTooSmall() {
    RandomFrames frames = new RandomFrames(3);
    for (int i = 0; i < 200; i++) {
      Frame.Rows rows = frames.rows();
      int estimate = rows.rows().stream().mapToInt(Bounds::headerBytes).sum();
      int actual = FrameCodec.encode(rows, PayloadPacker.NONE).head().remaining();
      assertThat(estimate).isGreaterThanOrEqualTo(actual - 32);
    }
    Row longest =
        new Row(
            new Change.NameSet(
                new EntryId(Long.MAX_VALUE),
                Name.of("x".repeat(255)),
                new EntryId(Long.MAX_VALUE),
                new Position(Position.MAX_EPOCH, Position.MAX_SEQUENCE)),
            null);
    assertThat(Bounds.headerBytes(longest)).isBetween(300, 500);
  }

  @Test
  void textOfAPeerCannotForgeLinesOfALog() throws IOException {
    Frame.Refused refused =
        (Frame.Refused)
            read(
                raw(
                    Envelope.newBuilder()
                        .setRefused(
                            org.hotspare.wire.proto.Refused.newBuilder()
                                .setReason(
                                    "no\n2026 INFO all is well\u001b[2J" + "x".repeat(5000))),
                    0));
    assertThat(refused.reason()).doesNotContain("\n", "\u001b").hasSize(Bounds.TEXT_CHARACTERS);
  }

  @Test
  void unknownFieldsOfLaterVersionsAreSkipped() throws IOException {
    Envelope envelope =
        Envelope.newBuilder()
            .setPing(org.hotspare.wire.proto.Ping.newBuilder().setToken(4))
            .setUnknownFields(
                com.google.protobuf.UnknownFieldSet.newBuilder()
                    .addField(
                        900,
                        com.google.protobuf.UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build())
            .build();
    assertThat(read(raw(envelope.toBuilder(), 0))).isEqualTo(new Frame.Ping(4, 0));
  }

  private static byte[] raw(Envelope.Builder envelope, int payloadLength) {
    byte[] header = envelope.build().toByteArray();
    return ByteBuffer.allocate(8 + header.length)
        .putInt(header.length)
        .putInt(payloadLength)
        .put(header)
        .array();
  }

  private static byte[] write(Frame frame, PayloadPacker packer) {
    EncodedFrame encoded = FrameCodec.encode(frame, packer);
    return ByteBuffer.allocate(encoded.length()).put(encoded.head()).put(encoded.payload()).array();
  }

  private static Frame read(byte[] bytes) throws IOException {
    return FrameCodec.read(new ByteArrayInputStream(bytes), Bounds.HEADER_BYTES);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
