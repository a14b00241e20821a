package org.hotspare.wire;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import org.hotspare.wire.proto.Directory;
import org.hotspare.wire.proto.Entry;
import org.hotspare.wire.proto.Envelope;
import org.hotspare.wire.proto.InodeSet;
import org.hotspare.wire.proto.NameSet;
import org.hotspare.wire.proto.Row;
import org.hotspare.wire.proto.Rows;

/** Says over an established link what {@link Frame} cannot hold. */
public final class RawFrames {
  private final OutputStream out;

  public RawFrames(Link link) {
    try {
      Object channel = field(Link.class, "channel").get(link);
      out = (OutputStream) field(FrameChannel.class, "out").get(channel);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the fields of a link have other names", e);
    }
  }

  private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  /** The two lengths of a frame that does not follow. */
  public void lengths(int header, int payload) throws IOException {
    out.write(ByteBuffer.allocate(8).putInt(header).putInt(payload).array());
    out.flush();
  }

  public void bytes(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Rows that make a directory under a name of any bytes. */
  public void directoryNamed(byte[] name, long id, long parent, long version) throws IOException {
    Row inode =
        Row.newBuilder()
            .setVersion(version)
            .setInodeSet(
                InodeSet.newBuilder()
                    .setId(id)
                    .setEntry(
                        Entry.newBuilder()
                            .setPermissions(0755)
                            .setDirectory(Directory.getDefaultInstance())))
            .build();
    Row row =
        Row.newBuilder()
            .setVersion(version)
            .setNameSet(
                NameSet.newBuilder().setParent(parent).setName(ByteString.copyFrom(name)).setId(id))
            .build();
    send(Envelope.newBuilder().setRows(Rows.newBuilder().addRow(inode).addRow(row)).build());
  }

  /** An entry to be brought back to a path of any bytes. */
  public void restore(byte[] path) throws IOException {
    send(
        Envelope.newBuilder()
            .setRestore(
                org.hotspare.wire.proto.Restore.newBuilder()
                    .setPath(ByteString.copyFrom(path))
                    .setId(7)
                    .setEntry(
                        Entry.newBuilder()
                            .setPermissions(0755)
                            .setDirectory(Directory.getDefaultInstance()))
                    .setComplete(true))
            .build());
  }

  private void send(Envelope envelope) throws IOException {
    byte[] header = envelope.toByteArray();
    lengths(header.length, 0);
    bytes(header);
  }
}
