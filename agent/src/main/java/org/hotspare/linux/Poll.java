package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/** Waits until descriptors have something to read. */
final class Poll {
  private static final short POLLIN = 1;
  private static final int POLLFD_BYTES = 8;
  private static final long REVENTS_OFFSET = 6;

  private Poll() {}

  /**
   * @param scratch whose {@link Scratch#struct} is used
   * @param descriptors at most eight; negative ones are passed over
   * @return which of them are ready, see {@link #isReady}; also those that failed or ended
   */
  static long await(Scratch scratch, Duration timeout, int... descriptors) throws LinuxException {
    MemorySegment struct = scratch.struct();
    for (int i = 0; i < descriptors.length; i++) {
      long at = (long) i * POLLFD_BYTES;
      struct.set(ValueLayout.JAVA_INT, at, descriptors[i]);
      struct.set(ValueLayout.JAVA_SHORT, at + 4, POLLIN);
      struct.set(ValueLayout.JAVA_SHORT, at + REVENTS_OFFSET, (short) 0);
    }
    long timespec = (long) descriptors.length * POLLFD_BYTES;
    // The kernel counts the time that is left down in place, so an interrupted wait goes on.
    struct.set(ValueLayout.JAVA_LONG, timespec, Math.max(0, timeout.getSeconds()));
    struct.set(ValueLayout.JAVA_LONG, timespec + 8, timeout.isNegative() ? 0 : timeout.getNano());
    long result =
        Kernel.call(
            scratch,
            Syscall.PPOLL,
            struct.address(),
            descriptors.length,
            struct.address() + timespec,
            0,
            0);
    Kernel.check(result, Syscall.PPOLL, "");
    long ready = 0;
    for (int i = 0; i < descriptors.length; i++) {
      if (struct.get(ValueLayout.JAVA_SHORT, (long) i * POLLFD_BYTES + REVENTS_OFFSET) != 0) {
        ready |= 1L << i;
      }
    }
    return ready;
  }

  /** Whether the descriptor at this place of the arguments is among those ready. */
  static boolean isReady(long ready, int place) {
    return (ready >>> place & 1) != 0;
  }
}
