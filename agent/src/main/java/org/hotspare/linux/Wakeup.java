package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Waits for descriptors to have something to read, until another thread says to stop waiting. */
public final class Wakeup implements AutoCloseable {
  private static final int EFD_NONBLOCK = Opening.O_NONBLOCK;
  private static final int EFD_CLOEXEC = Opening.O_CLOEXEC;

  private final int eventDescriptor;
  private boolean closed;

  public Wakeup() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = Kernel.call(scratch, Syscall.EVENTFD2, 0, EFD_NONBLOCK | EFD_CLOEXEC);
      eventDescriptor = (int) Kernel.check(result, Syscall.EVENTFD2, "");
    }
  }

  /** Ends the wait that runs, or else the next one; after {@link #close}, nothing. */
  public synchronized void wake() {
    // Under the lock of close, so that the number cannot be another file's by now.
    if (closed) {
      return;
    }
    try (Scratch scratch = Scratch.take()) {
      scratch.struct().set(ValueLayout.JAVA_LONG, 0, 1);
      long result =
          Kernel.call(scratch, Syscall.WRITE, eventDescriptor, scratch.struct().address(), 8);
      // EAGAIN is a counter that is full: nobody listened to 2^64 wakes, and the next wait ends.
      if (result < 0 && result != -Errno.EAGAIN.number()) {
        throw new IllegalStateException("cannot wake: errno " + -result);
      }
    }
  }

  /**
   * @return whether {@code descriptor} has something to read
   */
  boolean await(int descriptor, Duration timeout) throws LinuxException {
    return Poll.isReady(await(timeout, descriptor), 0);
  }

  /**
   * @param descriptors at most seven; negative ones are passed over
   * @return which of them are ready, as {@link Poll#isReady} tells
   */
  long await(Duration timeout, int... descriptors) throws LinuxException {
    int[] all = Arrays.copyOf(descriptors, descriptors.length + 1);
    all[descriptors.length] = eventDescriptor;
    try (Scratch scratch = Scratch.take()) {
      long ready = Poll.await(scratch, timeout, all);
      if (Poll.isReady(ready, descriptors.length)) {
        drain(scratch);
      }
      return ready;
    }
  }

  /**
   * @param sockets at most seven; none need be given
   * @return whether one of them has something to read, an error included
   */
  public boolean await(List<? extends EventSocket> sockets, Duration timeout)
      throws LinuxException {
    int[] descriptors = sockets.stream().mapToInt(EventSocket::descriptor).toArray();
    long ready = await(timeout, descriptors);
    for (int i = 0; i < descriptors.length; i++) {
      if (Poll.isReady(ready, i)) {
        return true;
      }
    }
    return false;
  }

  private void drain(Scratch scratch) throws LinuxException {
    MemorySegment into = scratch.other();
    long result = Kernel.call(scratch, Syscall.READ, eventDescriptor, into.address(), 8);
    if (result != -Errno.EAGAIN.number()) {
      Kernel.check(result, Syscall.READ, "eventfd");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Kernel.close(eventDescriptor);
    }
  }
}
