package org.hotspare.index;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Timestamp;

/**
 * An entry as the index stores it. One column instead of twenty: every column that is read or
 * written crosses into native code on its own, and that is most of what a row costs.
 *
 * <p>Big-endian: kind (1 byte), permissions (2), owner (4), group (4), mtime seconds (8) and
 * nanoseconds (4); then by kind
 *
 * <ul>
 *   <li>a regular file: size (8), layout (8), length of the digest (1: 0 or 32) and the digest;
 *   <li>a symbolic link: length of the target (2) and the target;
 *   <li>a special file: major (4) and minor (4);
 * </ul>
 *
 * then for every extended attribute the length of its name (2), the name, the length of its value
 * (4), the value; last the CRC-32C of the row's id, version, birth and all of the above (4), since
 * SQLite notices damage in the structure of its pages but not in what they hold.
 */
final class EntryFormat {
  private static final int METADATA_BYTES = 23;
  private static final int CHECKSUM_BYTES = 4;

  private EntryFormat() {}

  static byte[] encode(long id, long version, long born, Entry entry) {
    ByteBuffer out = ByteBuffer.allocate(length(entry));
    Metadata metadata = entry.metadata();
    out.put((byte) entry.kind().code());
    out.putShort((short) metadata.permissions());
    out.putInt(metadata.owner());
    out.putInt(metadata.group());
    out.putLong(metadata.modified().seconds());
    out.putInt(metadata.modified().nanos());
    switch (entry) {
      case Entry.RegularFile file -> {
        out.putLong(file.size());
        out.putLong(file.layout());
        Digest digest = file.digest();
        out.put((byte) (digest == null ? 0 : Digest.BYTES));
        if (digest != null) {
          out.put(digest.bytes().array());
        }
      }
      case Entry.Directory directory -> {}
      case Entry.SymbolicLink link -> {
        out.putShort((short) link.target().length());
        out.put(link.target().array());
      }
      case Entry.SpecialFile special -> {
        out.putInt(special.major());
        out.putInt(special.minor());
      }
    }
    for (Attribute attribute : metadata.attributes()) {
      out.putShort((short) attribute.name().length());
      out.put(attribute.name().array());
      out.putInt(attribute.value().length());
      out.put(attribute.value().array());
    }
    out.putInt(checksum(id, version, born, out.array()));
    return out.array();
  }

  private static int length(Entry entry) {
    int kindBytes =
        switch (entry) {
          case Entry.RegularFile file -> 17 + (file.digest() == null ? 0 : Digest.BYTES);
          case Entry.Directory directory -> 0;
          case Entry.SymbolicLink link -> 2 + link.target().length();
          case Entry.SpecialFile special -> 8;
        };
    long length = (long) METADATA_BYTES + kindBytes + CHECKSUM_BYTES;
    for (Attribute attribute : entry.metadata().attributes()) {
      if (attribute.name().length() > 0xffff) {
        throw new IllegalArgumentException(
            "the name of an attribute has " + attribute.name().length() + " bytes");
      }
      length += 6L + attribute.name().length() + attribute.value().length();
    }
    return Math.toIntExact(length);
  }

  /**
   * @throws IllegalArgumentException or BufferUnderflowException if the row is damaged
   */
  static Entry decode(long id, long version, long born, byte[] stored) {
    ByteBuffer in = checked(id, version, born, stored);
    FileKind kind = FileKind.ofCode(in.get());
    int permissions = in.getShort();
    int owner = in.getInt();
    int group = in.getInt();
    Timestamp modified = new Timestamp(in.getLong(), in.getInt());
    return switch (kind) {
      case REGULAR_FILE -> {
        long size = in.getLong();
        long layout = in.getLong();
        int digestBytes = in.get();
        Digest digest = digestBytes == 0 ? null : new Digest(bytes(in, digestBytes));
        yield new Entry.RegularFile(
            metadata(permissions, owner, group, modified, in), size, digest, layout);
      }
      case DIRECTORY -> new Entry.Directory(metadata(permissions, owner, group, modified, in));
      case SYMBOLIC_LINK -> {
        Bytes target = bytes(in, in.getShort() & 0xffff);
        yield new Entry.SymbolicLink(metadata(permissions, owner, group, modified, in), target);
      }
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> {
        int major = in.getInt();
        int minor = in.getInt();
        yield new Entry.SpecialFile(
            metadata(permissions, owner, group, modified, in), kind, major, minor);
      }
    };
  }

  /** What a stored entry adds to the size of the mirror. */
  static long sizeOf(byte[] stored) {
    if (stored.length < METADATA_BYTES + Long.BYTES) {
      return 0;
    }
    ByteBuffer in = ByteBuffer.wrap(stored);
    return in.get() == FileKind.REGULAR_FILE.code() ? in.getLong(METADATA_BYTES) : 0;
  }

  static long sizeOf(Entry entry) {
    return entry instanceof Entry.RegularFile file ? file.size() : 0;
  }

  private static Metadata metadata(
      int permissions, int owner, int group, Timestamp modified, ByteBuffer in) {
    if (!in.hasRemaining()) {
      return new Metadata(permissions, owner, group, modified, List.of());
    }
    List<Attribute> attributes = new ArrayList<>();
    while (in.hasRemaining()) {
      Bytes name = bytes(in, in.getShort() & 0xffff);
      attributes.add(new Attribute(name, bytes(in, in.getInt())));
    }
    return new Metadata(permissions, owner, group, modified, attributes);
  }

  private static Bytes bytes(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException(length + " bytes where " + in.remaining() + " are left");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return Bytes.wrap(bytes);
  }

  private static ByteBuffer checked(long id, long version, long born, byte[] stored) {
    int length = stored.length - CHECKSUM_BYTES;
    if (length < METADATA_BYTES) {
      throw new IllegalArgumentException("an entry of " + stored.length + " bytes");
    }
    ByteBuffer in = ByteBuffer.wrap(stored);
    if (in.getInt(length) != checksum(id, version, born, stored)) {
      throw new IllegalArgumentException("the checksum of entry " + id + " is wrong");
    }
    return in.limit(length);
  }

  /** Of all but the last four bytes, where it is kept. */
  private static int checksum(long id, long version, long born, byte[] stored) {
    ByteBuffer numbers = ByteBuffer.allocate(3 * Long.BYTES);
    numbers.putLong(id).putLong(version).putLong(born).flip();
    CRC32C checksum = new CRC32C();
    checksum.update(numbers);
    checksum.update(stored, 0, stored.length - CHECKSUM_BYTES);
    return (int) checksum.getValue();
  }
}
