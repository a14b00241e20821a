package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How many descriptors this process may have open. */
public final class FdLimit {
  private static final int RLIMIT_NOFILE = 7;
  private static final int RLIMIT_BYTES = 16;

  private FdLimit() {}

  /** The limit now; {@link Long#MAX_VALUE} for none. */
  public static long current() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return bounded(get(scratch).get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /**
   * Raises the limit as far as no privilege is needed for it.
   *
   * @return the limit from now on; {@link Long#MAX_VALUE} for none
   */
  public static long raise() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment limit = get(scratch);
      long hard = limit.get(ValueLayout.JAVA_LONG, 8);
      limit.set(ValueLayout.JAVA_LONG, 0, hard);
      call(scratch, limit.address(), 0);
      return bounded(hard);
    }
  }

  private static MemorySegment get(Scratch scratch) throws LinuxException {
    MemorySegment limit = scratch.struct().asSlice(0, RLIMIT_BYTES);
    call(scratch, 0, limit.address());
    return limit;
  }

  private static void call(Scratch scratch, long newLimit, long oldLimit) throws LinuxException {
    long result = Kernel.call(scratch, Syscall.PRLIMIT64, 0, RLIMIT_NOFILE, newLimit, oldLimit);
    Kernel.check(result, Syscall.PRLIMIT64, "");
  }

  /** RLIM_INFINITY has all bits set. */
  private static long bounded(long limit) {
    return limit < 0 ? Long.MAX_VALUE : limit;
  }
}
