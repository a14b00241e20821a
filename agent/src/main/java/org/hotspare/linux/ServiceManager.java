package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Tells the service manager that started this process how it is, by the protocol of systemd's
 * {@code sd_notify(3)}: datagrams of {@code KEY=value} lines to the socket that it names.
 */
public final class ServiceManager {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;

  /** The kernel's limit for such a socket's name, and the family in front of it. */
  private static final int MAX_NAME_BYTES = 108;

  private static final int FAMILY_BYTES = 2;

  private ServiceManager() {}

  /**
   * @param socket as in {@code NOTIFY_SOCKET}: a path, or with {@code @} in front a name that is
   *     none
   * @param state the lines, of at most 4096 bytes
   * @throws LinuxException ECONNREFUSED or ENOENT if nobody listens there
   * @throws IllegalArgumentException for a name that is too long
   */
  public static void tell(String socket, String state) throws LinuxException {
    byte[] name = socket.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || name.length >= MAX_NAME_BYTES) {
      throw new IllegalArgumentException("no name of a socket: " + socket);
    }
    if (name[0] == '@') {
      name[0] = 0;
    }
    try (Scratch scratch = Scratch.take()) {
      long opened =
          Kernel.call(scratch, Syscall.SOCKET, AF_UNIX, SOCK_DGRAM | Opening.O_CLOEXEC, 0);
      Kernel.check(opened, Syscall.SOCKET, socket);
      try {
        send(scratch, opened, name, state.getBytes(StandardCharsets.UTF_8), socket);
      } finally {
        Kernel.close((int) opened);
      }
    }
  }

  private static void send(
      Scratch scratch, long descriptor, byte[] name, byte[] state, String socket)
      throws LinuxException {
    MemorySegment address = scratch.struct();
    address.fill((byte) 0);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, FAMILY_BYTES, name.length);
    MemorySegment.copy(state, 0, scratch.other(), ValueLayout.JAVA_BYTE, 0, state.length);
    long result =
        Kernel.call(
            scratch,
            Syscall.SENDTO,
            descriptor,
            scratch.other().address(),
            state.length,
            0,
            address.address(),
            FAMILY_BYTES + name.length);
    Kernel.check(result, Syscall.SENDTO, socket);
  }
}
