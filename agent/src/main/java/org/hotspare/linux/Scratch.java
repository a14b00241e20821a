package org.hotspare.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for the arguments and results of one call. It is taken from a pool and given back
 * at the end of the call, so a call allocates nothing; the pool never holds more than the most
 * calls that ever ran at once, and its memory lives as long as the process.
 */
final class Scratch implements AutoCloseable {
  /** The kernel's limit for a path, with its terminating NUL. */
  static final int PATH_BYTES = 4096;

  static final int STRUCT_BYTES = 512;

  /** Twice the kernel's limit for the value, and for the list of names, of extended attributes. */
  static final int LARGE_BYTES = 2 * 65536;

  private static final int SLOTS = 64;
  private static final int PROBES = 4;
  private static final AtomicReferenceArray<@Nullable Scratch> POOL =
      new AtomicReferenceArray<>(SLOTS);
  private static final ConcurrentLinkedQueue<Scratch> OVERFLOW = new ConcurrentLinkedQueue<>();
  private static final byte[] DESCRIPTORS = "/proc/self/fd/".getBytes(StandardCharsets.US_ASCII);
  private static final long ERRNO_OFFSET =
      Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  private final MemorySegment errnoState;
  private final MemorySegment path;
  private final MemorySegment other;
  private final MemorySegment struct;
  private @Nullable MemorySegment large;

  private Scratch() {
    Arena arena = Arena.global();
    errnoState = arena.allocate(Linker.Option.captureStateLayout());
    // Room for the path through /proc in front of a name.
    path = arena.allocate(PATH_BYTES + 64, 8);
    other = arena.allocate(PATH_BYTES + 64, 8);
    struct = arena.allocate(STRUCT_BYTES, 8);
  }

  static Scratch take() {
    int start = slot();
    for (int i = 0; i < PROBES; i++) {
      Scratch pooled = POOL.getAndSet((start + i) & (SLOTS - 1), null);
      if (pooled != null) {
        return pooled;
      }
    }
    Scratch spare = OVERFLOW.poll();
    return spare != null ? spare : new Scratch();
  }

  /** Gives the memory back. What it held must not be used afterwards. */
  @Override
  public void close() {
    int start = slot();
    for (int i = 0; i < PROBES; i++) {
      if (POOL.compareAndSet((start + i) & (SLOTS - 1), null, this)) {
        return;
      }
    }
    OVERFLOW.add(this);
  }

  private static int slot() {
    return (int) Thread.currentThread().threadId() * PROBES;
  }

  MemorySegment errnoState() {
    return errnoState;
  }

  int errno() {
    return errnoState.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
  }

  /** For the kernel's structures, 8-byte aligned. */
  MemorySegment struct() {
    return struct;
  }

  /** {@value #LARGE_BYTES} bytes, 8-byte aligned. */
  MemorySegment large() {
    if (large == null) {
      large = Arena.global().allocate(LARGE_BYTES, 8);
    }
    return large;
  }

  /** The first path buffer, for a path that the caller writes itself. */
  MemorySegment path() {
    return path;
  }

  /** The second path buffer, for a result of up to a path's length. */
  MemorySegment other() {
    return other;
  }

  /** The address of the name as a string. */
  long name(Name name) {
    return put(path, 0, name.bytes().array());
  }

  /** The address of a second name as a string, beside {@link #name}. */
  long otherName(Name name) {
    return put(other, 0, name.bytes().array());
  }

  /**
   * The address of the bytes as a string.
   *
   * @throws LinuxException ENAMETOOLONG from the kernel's limit on; EINVAL for a NUL within
   */
  long path(byte[] bytes, Syscall call) throws LinuxException {
    return checkedPut(path, bytes, call);
  }

  /** As {@link #path}, into the second buffer. */
  long otherPath(byte[] bytes, Syscall call) throws LinuxException {
    return checkedPut(other, bytes, call);
  }

  private static long checkedPut(MemorySegment into, byte[] bytes, Syscall call)
      throws LinuxException {
    if (bytes.length >= PATH_BYTES) {
      throw new LinuxException(Errno.ENAMETOOLONG, call.text(), "");
    }
    for (byte value : bytes) {
      if (value == 0) {
        throw new LinuxException(Errno.EINVAL, call.text(), "");
      }
    }
    return put(into, 0, bytes);
  }

  /** The address of {@code /proc/self/fd/N}: the open file itself, whatever its names are now. */
  long descriptorPath(int descriptor) {
    putDescriptor(descriptor);
    return path.address();
  }

  /** The address of {@code /proc/self/fd/}. */
  long descriptorsPath() {
    return put(path, 0, DESCRIPTORS);
  }

  /** The address of {@code N}: the open file within {@code /proc/self/fd}. */
  long descriptorName(int descriptor) {
    return descriptorPath(descriptor) + DESCRIPTORS.length;
  }

  /** The address of {@code /proc/self/fd/N/name}: an entry of the open directory. */
  long descriptorPath(int descriptor, Name name) {
    int end = putDescriptor(descriptor);
    path.set(ValueLayout.JAVA_BYTE, end, (byte) '/');
    put(path, end + 1, name.bytes().array());
    return path.address();
  }

  private int putDescriptor(int descriptor) {
    MemorySegment.copy(DESCRIPTORS, 0, path, ValueLayout.JAVA_BYTE, 0, DESCRIPTORS.length);
    int digits = 1;
    for (int rest = descriptor / 10; rest > 0; rest /= 10) {
      digits++;
    }
    int end = DESCRIPTORS.length + digits;
    int rest = descriptor;
    for (int at = end - 1; at >= DESCRIPTORS.length; at--) {
      path.set(ValueLayout.JAVA_BYTE, at, (byte) ('0' + rest % 10));
      rest /= 10;
    }
    path.set(ValueLayout.JAVA_BYTE, end, (byte) 0);
    return end;
  }

  /** The address of the empty string. */
  long empty() {
    path.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    return path.address();
  }

  private static long put(MemorySegment into, int at, byte[] bytes) {
    MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, at, bytes.length);
    into.set(ValueLayout.JAVA_BYTE, at + (long) bytes.length, (byte) 0);
    return into.address() + at;
  }

  byte[] copyOf(MemorySegment from, long length) {
    byte[] bytes = new byte[Math.toIntExact(length)];
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
    return bytes;
  }
}
