package org.hotspare.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The door to the kernel: every call goes through glibc's {@code syscall}. One shape for all of
 * them, because binding a shape costs about ten milliseconds and there are fifty calls; and the
 * newer calls have no wrapper in glibc anyway.
 */
final class Kernel {
  /** The working directory in place of a directory descriptor: for absolute paths. */
  static final int AT_FDCWD = -100;

  private static final int EINTR = 4;
  private static final MethodHandle SYSCALL = bind();

  private Kernel() {}

  private static MethodHandle bind() {
    Linker linker = Linker.nativeLinker();
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("syscall"),
        FunctionDescriptor.of(word, word, word, word, word, word, word, word),
        Linker.Option.firstVariadicArg(1),
        Linker.Option.captureCallState("errno"));
  }

  /** The result, or the error's number negated. Repeats a call that a signal interrupted. */
  static long call(Scratch scratch, Syscall call, long a, long b, long c, long d, long e, long f) {
    while (true) {
      long result = once(scratch, call, a, b, c, d, e, f);
      if (result != -EINTR) {
        return result;
      }
    }
  }

  static long call(Scratch scratch, Syscall call, long a, long b, long c, long d, long e) {
    return call(scratch, call, a, b, c, d, e, 0);
  }

  static long call(Scratch scratch, Syscall call, long a, long b, long c, long d) {
    return call(scratch, call, a, b, c, d, 0, 0);
  }

  static long call(Scratch scratch, Syscall call, long a, long b, long c) {
    return call(scratch, call, a, b, c, 0, 0, 0);
  }

  static long call(Scratch scratch, Syscall call, long a, long b) {
    return call(scratch, call, a, b, 0, 0, 0, 0);
  }

  static long call(Scratch scratch, Syscall call, long a) {
    return call(scratch, call, a, 0, 0, 0, 0, 0);
  }

  /** The result, or the error's number negated, also when a signal interrupted the call. */
  static long once(Scratch scratch, Syscall call, long a, long b, long c, long d, long e, long f) {
    long result;
    try {
      result = (long) SYSCALL.invokeExact(scratch.errnoState(), call.number, a, b, c, d, e, f);
    } catch (RuntimeException | Error bug) {
      throw bug;
    } catch (Throwable impossible) {
      throw new AssertionError("a native call throws nothing", impossible);
    }
    return result == -1 ? -scratch.errno() : result;
  }

  /**
   * What a call returned.
   *
   * @param about what the call was about, for messages
   * @throws LinuxException if it is an error's number
   */
  static long check(long result, Syscall call, String about) throws LinuxException {
    if (result < 0) {
      throw new LinuxException((int) -result, call.text(), about);
    }
    return result;
  }

  static void close(int descriptor) {
    try (Scratch scratch = Scratch.take()) {
      // Linux frees the number even when it reports an error, so a close is never repeated; data
      // that could not be written was reported by the sync that whoever wrote it called before.
      long result = once(scratch, Syscall.CLOSE, descriptor, 0, 0, 0, 0, 0);
      if (result == -Errno.EBADF.number()) {
        throw new IllegalStateException("descriptor " + descriptor + " was not open");
      }
    }
  }
}
