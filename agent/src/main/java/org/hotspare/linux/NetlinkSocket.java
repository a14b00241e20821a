package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A socket to a part of the kernel that is asked by messages. The kernel answers before it returns
 * from sending: that may have to wait inside the kernel, and receiving never does. Owned by one
 * thread.
 */
final class NetlinkSocket implements AutoCloseable {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_CLOEXEC = Opening.O_CLOEXEC;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int SOCKADDR_BYTES = 12;
  private static final int GROUPS_OFFSET = 8;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_DONTWAIT = 0x40;

  private final int descriptor;
  private int sequence = 1;
  private boolean closed;

  private NetlinkSocket(int descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * @param protocol the number of the part of the kernel
   * @throws LinuxException EPROTONOSUPPORT where this kernel has no such part
   */
  static NetlinkSocket open(int protocol) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result =
          Kernel.call(scratch, Syscall.SOCKET, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
      Kernel.check(result, Syscall.SOCKET, "netlink protocol " + protocol);
      NetlinkSocket socket = new NetlinkSocket((int) result);
      try {
        socket.keepAnswersShort(scratch);
      } catch (LinuxException failed) {
        socket.close();
        throw failed;
      }
      return socket;
    }
  }

  /** An error does not bring back the whole message that it is about. */
  private void keepAnswersShort(Scratch scratch) throws LinuxException {
    MemorySegment yes = scratch.struct();
    yes.set(ValueLayout.JAVA_INT, 0, 1);
    long result =
        Kernel.call(
            scratch,
            Syscall.SETSOCKOPT,
            descriptor,
            SOL_NETLINK,
            NETLINK_CAP_ACK,
            yes.address(),
            Integer.BYTES);
    Kernel.check(result, Syscall.SETSOCKOPT, "NETLINK_CAP_ACK");
  }

  /**
   * From now on the kernel tells what happens.
   *
   * @param groups what is to be told, a bit for each group
   */
  void subscribe(int groups) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment address = scratch.struct();
      address.fill((byte) 0);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_NETLINK);
      address.set(ValueLayout.JAVA_INT, GROUPS_OFFSET, groups);
      long result = Kernel.call(scratch, Syscall.BIND, number(), address.address(), SOCKADDR_BYTES);
      Kernel.check(result, Syscall.BIND, "netlink groups " + groups);
    }
  }

  /** The number for the next message. */
  int nextSequence() {
    return sequence++;
  }

  /**
   * @param messages at most {@value Scratch#LARGE_BYTES} bytes
   */
  void send(ByteBuffer messages, String what) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      int length = messages.remaining();
      scratch.large().asByteBuffer().put(messages.duplicate());
      long result =
          Kernel.call(
              scratch, Syscall.SENDTO, number(), scratch.large().address(), length, 0, 0, 0);
      Kernel.check(result, Syscall.SENDTO, what);
    }
  }

  /**
   * The next answer.
   *
   * @param first answers to messages before this one are passed over: an exchange that failed may
   *     have left them
   * @throws LinuxException EPROTO if the kernel has not answered
   */
  NetlinkReply receive(int first, String what) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      while (true) {
        NetlinkReply reply = NetlinkReply.parse(datagram(scratch, what));
        if (reply.sequence() - first >= 0) {
          return reply;
        }
      }
    }
  }

  /**
   * The messages of the next datagram; none if nothing is there.
   *
   * @throws LinuxException ENOBUFS if some were lost
   */
  List<NetlinkReply> receiveAll(String what) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return NetlinkReply.parseAll(datagram(scratch, what));
    } catch (LinuxException nothing) {
      if (nothing.is(Errno.EPROTO)) {
        return List.of();
      }
      throw nothing;
    }
  }

  private ByteBuffer datagram(Scratch scratch, String what) throws LinuxException {
    MemorySegment into = scratch.large();
    long result =
        Kernel.call(
            scratch,
            Syscall.RECVFROM,
            number(),
            into.address(),
            Scratch.LARGE_BYTES,
            MSG_DONTWAIT | MSG_TRUNC,
            0,
            0);
    if (result == -Errno.EAGAIN.number()) {
      throw new LinuxException(Errno.EPROTO, Syscall.RECVFROM.text(), what);
    }
    Kernel.check(result, Syscall.RECVFROM, what);
    if (result > Scratch.LARGE_BYTES) {
      throw new LinuxException(Errno.EOVERFLOW, Syscall.RECVFROM.text(), what);
    }
    return ByteBuffer.wrap(scratch.copyOf(into, result)).order(ByteOrder.nativeOrder());
  }

  /**
   * For waiting on.
   *
   * @throws IllegalStateException after {@link #close}
   */
  int number() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    return descriptor;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Kernel.close(descriptor);
    }
  }
}
