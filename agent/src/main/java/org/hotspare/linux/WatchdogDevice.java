package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * A watchdog of the kernel, such as {@code /dev/watchdog}: once opened, it resets the machine
 * unless it is fed again and again, whatever becomes of this process. For one thread.
 */
public final class WatchdogDevice implements AutoCloseable {
  private static final int O_WRONLY = 1;
  private static final int WDIOC_SETTIMEOUT = 0xC0045706;
  private static final int WDIOC_GETSUPPORT = 0x80285700;
  private static final int WDIOF_MAGICCLOSE = 0x0100;

  /** In {@code struct watchdog_info}, after the options and the version of the firmware. */
  private static final int IDENTITY = 8;

  private static final int IDENTITY_BYTES = 32;
  private static final byte FOOD = 0;

  /** What has to be written last for a close to be taken as meant. */
  private static final byte MAGIC = 'V';

  private final String path;
  private final int number;
  private boolean closed;

  /**
   * What it can do.
   *
   * @param magicClose whether it goes on when it is closed without {@link #disarm} before
   * @param identity what its driver calls it
   */
  public record Support(boolean magicClose, String identity) {}

  private WatchdogDevice(String path, int number) {
    this.path = path;
    this.number = number;
  }

  /**
   * Opens it, which starts it.
   *
   * @throws LinuxException ENOENT where there is none, EBUSY where somebody has it open already
   */
  public static WatchdogDevice open(String path) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      scratch.path(path.getBytes(StandardCharsets.UTF_8), Syscall.OPENAT);
      // Not to hang on what is a FIFO by mistake.
      int flags = O_WRONLY | Opening.O_CLOEXEC | Opening.O_NONBLOCK;
      long address = scratch.path().address();
      long result = Kernel.call(scratch, Syscall.OPENAT, Kernel.AT_FDCWD, address, flags, 0);
      return new WatchdogDevice(path, (int) Kernel.check(result, Syscall.OPENAT, path));
    }
  }

  /**
   * What it can do.
   *
   * @throws LinuxException ENOTTY if this is no watchdog
   */
  public Support support() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment info = scratch.struct();
      long request = Integer.toUnsignedLong(WDIOC_GETSUPPORT);
      Kernel.check(
          Kernel.call(scratch, Syscall.IOCTL, number, request, info.address()),
          Syscall.IOCTL,
          path);
      return support(info);
    }
  }

  /**
   * @param info {@code struct watchdog_info} of linux/watchdog.h
   */
  static Support support(MemorySegment info) {
    boolean magicClose = (info.get(ValueLayout.JAVA_INT, 0) & WDIOF_MAGICCLOSE) != 0;
    byte[] identity = info.asSlice(IDENTITY, IDENTITY_BYTES).toArray(ValueLayout.JAVA_BYTE);
    return new Support(
        magicClose, new String(identity, StandardCharsets.ISO_8859_1).split("\0", 2)[0]);
  }

  /**
   * Has it reset the machine when it was not fed for this long.
   *
   * @return what it took instead, if it cannot have that, in seconds
   * @throws LinuxException EOPNOTSUPP if its time is fixed, EINVAL if it is out of its range,
   *     ENOTTY if this is no watchdog
   */
  public int setTimeout(int seconds) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment time = scratch.struct();
      time.set(ValueLayout.JAVA_INT, 0, seconds);
      long request = Integer.toUnsignedLong(WDIOC_SETTIMEOUT);
      Kernel.check(
          Kernel.call(scratch, Syscall.IOCTL, number, request, time.address()),
          Syscall.IOCTL,
          path);
      return time.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** Begins its time anew. */
  public void feed() throws LinuxException {
    write(FOOD);
  }

  private void write(byte value) throws LinuxException {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    try (Scratch scratch = Scratch.take()) {
      scratch.struct().set(ValueLayout.JAVA_BYTE, 0, value);
      long address = scratch.struct().address();
      Kernel.check(Kernel.call(scratch, Syscall.WRITE, number, address, 1), Syscall.WRITE, path);
    }
  }

  /**
   * Stops and closes it, so that the machine is not reset; except where the kernel was told never
   * to stop one ({@code nowayout}).
   */
  public void disarm() throws LinuxException {
    try {
      write(MAGIC);
    } finally {
      close();
    }
  }

  /** Without {@link #disarm} before, the machine is reset when its time is over. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Kernel.close(number);
    }
  }
}
