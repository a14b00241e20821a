package org.hotspare.index;

import java.nio.ByteBuffer;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Timestamp;

/**
 * What the index stores of {@link Local} beside device and inode number, which are columns because
 * they are looked up.
 *
 * <p>Big-endian: flags (1 byte: 1 settled, 2 has a handle), birth time in seconds (8) and
 * nanoseconds (4), ctime in the same way, then the handle.
 */
final class LocalFormat {
  private static final int FIXED_BYTES = 25;
  private static final int SETTLED = 1;
  private static final int HANDLE = 2;

  private LocalFormat() {}

  static byte[] encode(Local local) {
    Bytes handle = local.handle();
    ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + (handle == null ? 0 : handle.length()));
    out.put((byte) ((local.settled() ? SETTLED : 0) | (handle == null ? 0 : HANDLE)));
    out.putLong(local.born().seconds()).putInt(local.born().nanos());
    out.putLong(local.changed().seconds()).putInt(local.changed().nanos());
    if (handle != null) {
      out.put(handle.array());
    }
    return out.array();
  }

  /**
   * @throws IllegalArgumentException or BufferUnderflowException if the row is damaged
   */
  static Local decode(long device, long inode, byte[] stored) {
    ByteBuffer in = ByteBuffer.wrap(stored);
    int flags = in.get();
    Timestamp born = new Timestamp(in.getLong(), in.getInt());
    Timestamp changed = new Timestamp(in.getLong(), in.getInt());
    byte[] rest = new byte[in.remaining()];
    in.get(rest);
    boolean hasHandle = (flags & HANDLE) != 0;
    if ((flags & ~(SETTLED | HANDLE)) != 0 || (!hasHandle && rest.length > 0)) {
      throw new IllegalArgumentException("local data with flags " + flags);
    }
    return new Local(
        device, inode, born, changed, (flags & SETTLED) != 0, hasHandle ? Bytes.wrap(rest) : null);
  }
}
