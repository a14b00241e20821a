package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/** A descriptor from which the kernel's events are read, and how to wait for them. */
final class EventQueue implements AutoCloseable {
  private final int descriptor;
  private final Wakeup wakeup;
  private boolean closed;

  /** Owns the descriptor from here on, also if this fails. */
  EventQueue(int descriptor) throws LinuxException {
    this.descriptor = descriptor;
    try {
      wakeup = new Wakeup();
    } catch (LinuxException failed) {
      Kernel.close(descriptor);
      throw failed;
    }
  }

  int descriptor() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    return descriptor;
  }

  void wake() {
    wakeup.wake();
  }

  /**
   * Whole events in the kernel's format, in the memory of {@code scratch}; none when the time is up
   * or another thread called {@link #wake}.
   */
  ByteBuffer read(Scratch scratch, Duration timeout, String path) throws LinuxException {
    ByteBuffer buffer = scratch.large().asByteBuffer().order(ByteOrder.nativeOrder());
    if (!wakeup.await(descriptor(), timeout)) {
      return buffer.limit(0);
    }
    long result =
        Kernel.call(
            scratch, Syscall.READ, descriptor, scratch.large().address(), buffer.capacity());
    if (result == -Errno.EAGAIN.number()) {
      return buffer.limit(0);
    }
    return buffer.limit((int) Kernel.check(result, Syscall.READ, path));
  }

  /** For the thread that reads. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      wakeup.close();
      Kernel.close(descriptor);
    }
  }
}
