package org.hotspare.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The right to open an index, held by one process at a time: an exclusive lock on the file {@code
 * <index>.lock}, in which the owner writes its process id. The file stays when the lock goes.
 */
final class Ownership implements AutoCloseable {
  /**
   * What this process holds. The kernel drops a process's locks on a file when any descriptor of it
   * is closed, so a second attempt within the process must not even open the file.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private static final int MAX_PID_BYTES = 20;

  private final Path index;
  private final FileChannel channel;

  private Ownership(Path index, FileChannel channel) {
    this.index = index;
    this.channel = channel;
  }

  /**
   * @param index an absolute path without symbolic links
   * @throws IndexException if another owner is alive
   */
  static Ownership take(Path index) throws IOException {
    if (!HELD.add(index)) {
      throw inUse(index, "this process");
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              index.resolveSibling(index.getFileName() + ".lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw inUse(index, "process " + readPid(channel));
      }
      writePid(channel);
      return new Ownership(index, channel);
    } catch (IOException | RuntimeException e) {
      if (channel != null) {
        channel.close();
      }
      HELD.remove(index);
      throw e;
    }
  }

  private static IndexException inUse(Path index, String owner) {
    return new IndexException(
        IndexException.Kind.FAILED, "the index " + index + " is in use by " + owner);
  }

  private static String readPid(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(MAX_PID_BYTES);
    channel.read(buffer, 0);
    String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    String pid = text.strip();
    return pid.matches("[0-9]+") ? pid : "(unknown)";
  }

  private static void writePid(FileChannel channel) throws IOException {
    String pid = ProcessHandle.current().pid() + "\n";
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(index);
    }
  }
}
