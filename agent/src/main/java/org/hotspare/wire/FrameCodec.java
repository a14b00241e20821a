package org.hotspare.wire;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.Parser;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Change;
import org.hotspare.tree.Entry;
import org.hotspare.wire.proto.Envelope;

/**
 * A frame on the wire: the length of the header and that of the payload, 4 bytes each, big endian;
 * the header, one protobuf {@code Envelope}; the payload, raw or one zstd frame.
 *
 * <p>Lengths are checked before anything is allocated for them, so that whoever sends nonsense
 * costs at most one largest frame of memory.
 */
final class FrameCodec {
  /** An envelope nests four levels: frame, row, inode, entry's attribute. */
  private static final int RECURSION_LIMIT = 8;

  /** Fields of later versions are skipped, and not kept where they would take memory. */
  private static final Parser<Envelope> PARSER = DiscardUnknownFieldsParser.wrap(Envelope.parser());

  private FrameCodec() {}

  /**
   * @throws IllegalArgumentException if the frame breaks the bounds, which is the caller's mistake
   */
  static EncodedFrame encode(Frame frame, PayloadPacker packer) {
    Envelope.Builder envelope = FrameEncoder.encode(frame);
    ByteBuffer payload = FrameEncoder.payload(frame);
    int length = payload.remaining();
    if (length > Bounds.PAYLOAD_BYTES) {
      throw new IllegalArgumentException("a payload of " + length + " bytes");
    }
    ByteBuffer packed = length == 0 ? payload : packer.pack(payload);
    if (packed.remaining() < length) {
      envelope.setUnpackedLength(length);
    }
    return new EncodedFrame(head(envelope.build(), packed.remaining()), packed);
  }

  private static ByteBuffer head(Envelope envelope, int payloadLength) {
    int headerLength = envelope.getSerializedSize();
    if (headerLength > Bounds.HEADER_BYTES) {
      throw new IllegalArgumentException("a header of " + headerLength + " bytes");
    }
    byte[] head = new byte[Bounds.PREFIX_BYTES + headerLength];
    ByteBuffer.wrap(head).putInt(headerLength).putInt(payloadLength);
    try {
      envelope.writeTo(CodedOutputStream.newInstance(head, Bounds.PREFIX_BYTES, headerLength));
    } catch (IOException e) {
      throw new UncheckedIOException("the header has its exact size", e);
    }
    return ByteBuffer.wrap(head);
  }

  /**
   * The next frame of the stream.
   *
   * @param headerLimit how long its header may be
   * @throws ProtocolException if it breaks the rules
   * @throws EOFException if the stream ends
   */
  static Frame read(InputStream in, int headerLimit) throws IOException {
    byte[] prefix = readExactly(in, Bounds.PREFIX_BYTES, true);
    ByteBuffer lengths = ByteBuffer.wrap(prefix);
    int headerLength = lengths.getInt();
    int payloadLength = lengths.getInt();
    if (headerLength <= 0 || headerLength > headerLimit) {
      throw new ProtocolException(
          "a header of " + Integer.toUnsignedString(headerLength) + " bytes");
    }
    if (payloadLength < 0 || payloadLength > Bounds.PAYLOAD_BYTES) {
      throw new ProtocolException(
          "a payload of " + Integer.toUnsignedString(payloadLength) + " bytes");
    }
    Envelope envelope = parse(readExactly(in, headerLength, false));
    if (payloadLength > 0 && !FrameDecoder.carriesPayload(envelope)) {
      throw new ProtocolException("a payload on a frame that has none");
    }
    return decode(envelope, readExactly(in, payloadLength, false));
  }

  private static byte[] readExactly(InputStream in, int length, boolean atStart)
      throws IOException {
    byte[] bytes = new byte[length];
    int read = in.readNBytes(bytes, 0, length);
    if (read == 0 && length > 0 && atStart) {
      throw new EOFException("the connection was closed");
    }
    if (read < length) {
      throw new EOFException("the connection was closed in the middle of a frame");
    }
    return bytes;
  }

  private static Envelope parse(byte[] header) throws ProtocolException {
    CodedInputStream in = CodedInputStream.newInstance(header);
    in.setRecursionLimit(RECURSION_LIMIT);
    try {
      return PARSER.parseFrom(in);
    } catch (IOException malformed) {
      throw new ProtocolException("a malformed header: " + malformed.getMessage(), malformed);
    }
  }

  private static Frame decode(Envelope envelope, byte[] payload) throws ProtocolException {
    try {
      ByteBuffer content =
          ByteBuffer.wrap(unpack(payload, envelope.getUnpackedLength())).asReadOnlyBuffer();
      return FrameDecoder.decode(envelope, content);
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  private static byte[] unpack(byte[] payload, int unpackedLength) throws ProtocolException {
    if (unpackedLength == 0) {
      return payload;
    }
    if (unpackedLength < 0 || unpackedLength > Bounds.PAYLOAD_BYTES) {
      throw new ProtocolException(
          "a payload that unpacks to " + Integer.toUnsignedString(unpackedLength) + " bytes");
    }
    byte[] unpacked = new byte[unpackedLength];
    try {
      long length =
          Zstd.decompressByteArray(unpacked, 0, unpackedLength, payload, 0, payload.length);
      if (length != unpackedLength) {
        throw new ProtocolException(
            "a payload that unpacks to %d bytes instead of %d".formatted(length, unpackedLength));
      }
      return unpacked;
    } catch (ZstdException e) {
      throw new ProtocolException("a payload that does not unpack: " + e.getMessage(), e);
    }
  }

  /** At least as many bytes as the row takes in a header. */
  static int headerBytes(Row row) {
    int bytes = 160;
    switch (row.change()) {
      case Change.InodeSet set -> bytes += headerBytes(set.entry());
      case Change.NameSet set -> bytes += set.name().bytes().length();
      case Change.NameGone gone -> bytes += gone.name().bytes().length();
      case Change.InodeGone _ -> {}
    }
    FileContent content = row.content();
    // A step takes a byte for its kind, and up to 9 each for its length and its source.
    return content == null ? bytes : bytes + 64 + 19 * content.ops().size();
  }

  private static int headerBytes(Entry entry) {
    int bytes = entry instanceof Entry.SymbolicLink link ? link.target().length() : 0;
    for (Attribute attribute : entry.metadata().attributes()) {
      bytes += attribute.name().length() + attribute.value().length() + 16;
    }
    return bytes;
  }
}
