package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.hotspare.tree.Bytes;

/**
 * Whole frames of one network interface, past the kernel's own network code and packet filter: what
 * comes in of one protocol, and whatever is sent. Needs CAP_NET_RAW. Owned by one thread.
 */
public final class PacketSocket extends EventSocket {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final int SOL_SOCKET = 1;
  private static final int SO_ATTACH_FILTER = 26;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int SOCKADDR_BYTES = 20;

  /** Of a frame that comes; the rest of a longer one is left out. */
  private static final int MAX_BYTES = 512;

  private final int descriptor;
  private boolean closed;

  /** The protocol of a frame, by its number in Ethernet's header. */
  public enum Protocol {
    ARP(0x0806),
    IPV6(0x86dd);

    private final int number;

    Protocol(int number) {
      this.number = number;
    }

    /** As it stands in a frame. */
    public short etherType() {
      return (short) number;
    }
  }

  private PacketSocket(int descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * @param filter what is to be seen of the protocol's frames
   * @throws LinuxException EPERM without the privilege, ENODEV without the interface, ENETDOWN if
   *     it is down
   */
  public static PacketSocket open(NetworkLink link, Protocol protocol, PacketFilter filter)
      throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      // Of no protocol, it sees nothing before it is bound with its filter.
      long result =
          Kernel.call(scratch, Syscall.SOCKET, AF_PACKET, SOCK_RAW | Opening.O_CLOEXEC, 0);
      Kernel.check(result, Syscall.SOCKET, "packet socket");
      PacketSocket socket = new PacketSocket((int) result);
      try {
        socket.attach(scratch, filter.program(MAX_BYTES));
        socket.bind(scratch, link, protocol);
        return socket;
      } catch (LinuxException | RuntimeException failed) {
        socket.close();
        throw failed;
      }
    }
  }

  private void attach(Scratch scratch, ByteBuffer program) throws LinuxException {
    int instructions = PacketFilter.instructions(program);
    scratch.large().asByteBuffer().put(program);
    MemorySegment described = scratch.struct();
    described.set(ValueLayout.JAVA_SHORT, 0, (short) instructions);
    described.set(ValueLayout.JAVA_LONG, 8, scratch.large().address());
    long result =
        Kernel.call(
            scratch,
            Syscall.SETSOCKOPT,
            descriptor,
            SOL_SOCKET,
            SO_ATTACH_FILTER,
            described.address(),
            16);
    Kernel.check(result, Syscall.SETSOCKOPT, "packet filter");
  }

  private void bind(Scratch scratch, NetworkLink link, Protocol protocol) throws LinuxException {
    MemorySegment address = scratch.struct();
    address.fill((byte) 0);
    ByteBuffer fields = address.asByteBuffer().order(ByteOrder.nativeOrder());
    fields.putShort((short) AF_PACKET);
    fields.order(ByteOrder.BIG_ENDIAN).putShort(protocol.etherType());
    fields.order(ByteOrder.nativeOrder()).putInt(link.index());
    long result = Kernel.call(scratch, Syscall.BIND, descriptor, address.address(), SOCKADDR_BYTES);
    Kernel.check(result, Syscall.BIND, link.name());
  }

  /**
   * Sends it as it is.
   *
   * @param frame from its Ethernet header on
   * @throws LinuxException ENETDOWN if the interface is down, ENXIO if it is gone, ENOBUFS if its
   *     queue is full
   */
  public void send(Bytes frame) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      scratch.other().asByteBuffer().put(frame.array());
      long result =
          Kernel.call(
              scratch,
              Syscall.SENDTO,
              descriptor(),
              scratch.other().address(),
              frame.length(),
              MSG_DONTWAIT,
              0,
              0);
      Kernel.check(result, Syscall.SENDTO, "packet socket");
    }
  }

  /**
   * The next frame that has come, from its Ethernet header on; empty if there is none: this does
   * not wait.
   *
   * @throws LinuxException ENETDOWN once when the interface goes down
   */
  public Optional<Bytes> receive() throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      MemorySegment into = scratch.other();
      long result =
          Kernel.call(
              scratch,
              Syscall.RECVFROM,
              descriptor(),
              into.address(),
              MAX_BYTES,
              MSG_DONTWAIT,
              0,
              0);
      if (result == -Errno.EAGAIN.number()) {
        return Optional.empty();
      }
      Kernel.check(result, Syscall.RECVFROM, "packet socket");
      return Optional.of(Bytes.wrap(scratch.copyOf(into, result)));
    }
  }

  @Override
  int descriptor() {
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
