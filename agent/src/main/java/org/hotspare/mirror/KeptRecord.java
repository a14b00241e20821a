package org.hotspare.mirror;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * What was taken out of a standby's tree, and where it had been. The file itself, with all its
 * metadata, lies in the work directory under {@code file}; nothing lies there for a further name of
 * a file that has others.
 *
 * @param millis wall clock time when it was taken out
 * @param version of the inode's row
 * @param born where its id was given
 * @param digest of a regular file's content; null of everything else
 */
record KeptRecord(
    Reason reason,
    long millis,
    @Nullable Name file,
    EntryId id,
    Origin origin,
    Position version,
    Position born,
    @Nullable Digest digest,
    long layout) {

  /** Why something was taken out of the tree. */
  enum Reason {
    /** Its successor came from the primary. */
    REPLACED(0),
    /** The primary deleted it. */
    DELETED(1),
    /** It was never on the primary: nobody but this node has it. */
    FOREIGN(2),
    /** Its deletion was held, and something else needed its name before anybody decided. */
    HELD(3);

    private final int code;

    /** Whether it is removed after a while. */
    boolean ages() {
      return this == REPLACED || this == DELETED;
    }

    Reason(int code) {
      this.code = code;
    }

    private static Reason ofCode(int code) {
      for (Reason reason : values()) {
        if (reason.code == code) {
          return reason;
        }
      }
      throw new IllegalArgumentException("no reason has the code " + code);
    }
  }

  KeptRecord asReplaced(long sinceMillis) {
    return new KeptRecord(
        Reason.REPLACED, sinceMillis, file, id, origin, version, born, digest, layout);
  }

  Bytes encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(reason.code);
      out.writeLong(millis);
      out.writeLong(id.value());
      out.writeLong(version.packed());
      out.writeLong(born.packed());
      out.writeLong(layout);
      write(out, file == null ? Bytes.EMPTY : file.bytes());
      Bytes place = origin.encode();
      out.writeShort(place.length());
      out.write(place.array());
      write(out, digest == null ? Bytes.EMPTY : digest.bytes());
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return Bytes.wrap(bytes.toByteArray());
  }

  private static void write(DataOutputStream out, Bytes bytes) throws IOException {
    out.writeByte(bytes.length());
    out.write(bytes.array());
  }

  /**
   * @throws IOException if it is no such record
   */
  static KeptRecord decode(Bytes stored) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored.array()))) {
      Reason reason = Reason.ofCode(in.readByte());
      long millis = in.readLong();
      EntryId id = new EntryId(in.readLong());
      Position version = Position.unpack(in.readLong());
      Position born = Position.unpack(in.readLong());
      long layout = in.readLong();
      Bytes file = read(in);
      byte[] place = new byte[in.readUnsignedShort()];
      in.readFully(place);
      Bytes digest = read(in);
      return new KeptRecord(
          reason,
          millis,
          file.length() == 0 ? null : new Name(file),
          id,
          Origin.decode(Bytes.wrap(place)),
          version,
          born,
          digest.length() == 0 ? null : new Digest(digest),
          layout);
    } catch (IllegalArgumentException | BufferUnderflowException e) {
      throw new IOException("a damaged record of a kept file", e);
    }
  }

  private static Bytes read(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readUnsignedByte()];
    in.readFully(bytes);
    return Bytes.wrap(bytes);
  }
}
