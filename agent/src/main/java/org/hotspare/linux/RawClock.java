package org.hotspare.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.hotspare.tree.Timestamp;

/** The kernel's clocks that Java does not show. */
public final class RawClock {
  private static final int CLOCK_MONOTONIC_RAW = 4;
  private static final int CLOCK_REALTIME_COARSE = 5;
  private static final int CLOCK_BOOTTIME = 7;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private RawClock() {}

  /** Bound apart from the other calls: glibc reads most clocks without entering the kernel. */
  private static final class Handles {
    private static final MethodHandle GETTIME = bind("clock_gettime");
    private static final MethodHandle GETRES = bind("clock_getres");

    private Handles() {}

    private static MethodHandle bind(String name) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().findOrThrow(name),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    }
  }

  /** CLOCK_MONOTONIC_RAW: since some start, never adjusted in rate, not counting suspend. */
  public static long monotonicRawNanos() {
    return nanos(CLOCK_MONOTONIC_RAW);
  }

  /** CLOCK_BOOTTIME: since the machine started, time in suspend included. */
  public static long bootNanos() {
    return nanos(CLOCK_BOOTTIME);
  }

  /** CLOCK_REALTIME_COARSE: the clock from which the kernel takes the times of files. */
  public static Timestamp fileTime() {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment timespec = read(scratch, Handles.GETTIME, CLOCK_REALTIME_COARSE);
      return new Timestamp(
          timespec.get(ValueLayout.JAVA_LONG, 0), (int) timespec.get(ValueLayout.JAVA_LONG, 8));
    }
  }

  /** How long {@link #fileTime()} stands still before it steps, in nanoseconds. */
  public static long tickNanos() {
    try (Scratch scratch = Scratch.take()) {
      return toNanos(read(scratch, Handles.GETRES, CLOCK_REALTIME_COARSE));
    }
  }

  private static long nanos(int clock) {
    try (Scratch scratch = Scratch.take()) {
      return toNanos(read(scratch, Handles.GETTIME, clock));
    }
  }

  private static long toNanos(MemorySegment timespec) {
    return timespec.get(ValueLayout.JAVA_LONG, 0) * NANOS_PER_SECOND
        + timespec.get(ValueLayout.JAVA_LONG, 8);
  }

  private static MemorySegment read(Scratch scratch, MethodHandle call, int clock) {
    MemorySegment timespec = scratch.struct();
    int result;
    try {
      result = (int) call.invokeExact(clock, timespec.address());
    } catch (RuntimeException | Error bug) {
      throw bug;
    } catch (Throwable impossible) {
      throw new AssertionError("a native call throws nothing", impossible);
    }
    if (result != 0) {
      throw new IllegalStateException("no clock " + clock);
    }
    return timespec;
  }
}
