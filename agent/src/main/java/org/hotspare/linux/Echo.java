package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Asks hosts for an ICMP echo and hears who answers, by IPv4 and IPv6. Uses the kernel's sockets
 * for that where this process's group may ({@code net.ipv4.ping_group_range}), else raw ones, which
 * need CAP_NET_RAW. For one thread, and one round of questions.
 */
public final class Echo implements AutoCloseable {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_FLAGS = Opening.O_NONBLOCK | Opening.O_CLOEXEC;
  private static final int IPPROTO_ICMP = 1;
  private static final int IPPROTO_ICMPV6 = 58;
  private static final int SOL_RAW = 255;
  private static final int FILTER = 1;
  private static final int ICMP6_FILTER_BYTES = 32;

  private static final byte REQUEST_V4 = 8;
  private static final byte REPLY_V4 = 0;
  private static final byte REQUEST_V6 = (byte) 128;
  private static final byte REPLY_V6 = (byte) 129;
  private static final int HEADER_BYTES = 8;
  private static final int MESSAGE_BYTES = HEADER_BYTES + 8;
  private static final int MIN_IP_HEADER_BYTES = 20;
  private static final int SOCKADDR_BYTES = 28;
  private static final int RECEIVE_BYTES = 2048;
  private static final Duration LONG = Duration.ofDays(1);

  /** As the bytes go over the network. */
  private static final ValueLayout.OfShort NET_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final ValueLayout.OfLong NET_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** Not to be guessed by who does not see the questions. */
  private static final long SEED = new SecureRandom().nextLong();

  private static final AtomicLong COUNT = new AtomicLong();

  /** In every question, so that nobody's answer to another one is taken for one to this. */
  private final long mark = new SplittableRandom(SEED + COUNT.incrementAndGet()).nextLong();

  private final short id = (short) mark;
  private final Wakeup wakeup = new Wakeup();
  private @Nullable Socket v4;
  private @Nullable Socket v6;

  private record Socket(int descriptor, boolean raw) {}

  /**
   * @throws LinuxException what is missing for it, such as a descriptor
   */
  public Echo() throws LinuxException {}

  /**
   * Whether this process may ask at all.
   *
   * @throws LinuxException EACCES or EPERM where it may not, by neither protocol
   */
  public static void probe() throws LinuxException {
    try (Echo echo = new Echo()) {
      try {
        echo.fourth();
      } catch (LinuxException failed) {
        if (!failed.is(Errno.EACCES, Errno.EPERM)) {
          // Such as a machine without IPv4.
          echo.sixth();
          return;
        }
        throw failed;
      }
    }
  }

  /**
   * @throws LinuxException EACCES or EPERM where this process may not; else what keeps the question
   *     from being sent, such as ENETUNREACH
   */
  public void ask(InetAddress host) throws LinuxException {
    boolean ipv6 = host instanceof Inet6Address;
    Socket socket = ipv6 ? sixth() : fourth();
    try (Scratch scratch = Scratch.take()) {
      MemorySegment message = scratch.path();
      putQuestion(message, ipv6);
      MemorySegment address = scratch.struct();
      int length = putAddress(address, host);
      long result =
          Kernel.call(
              scratch,
              Syscall.SENDTO,
              socket.descriptor,
              message.address(),
              MESSAGE_BYTES,
              0,
              address.address(),
              length);
      Kernel.check(result, Syscall.SENDTO, "");
    }
  }

  /**
   * Waits for the next answer, however long that takes.
   *
   * @return who answered, also where the wait was ended at the same time; else null where it was,
   *     see {@link #wake}
   */
  public @Nullable InetAddress await() throws LinuxException {
    int fourth = v4 == null ? -1 : v4.descriptor;
    int sixth = v6 == null ? -1 : v6.descriptor;
    while (true) {
      long ready = wakeup.await(LONG, fourth, sixth);
      InetAddress from = null;
      if (v4 != null && Poll.isReady(ready, 0)) {
        from = receive(v4, false);
      }
      if (from == null && v6 != null && Poll.isReady(ready, 1)) {
        from = receive(v6, true);
      }
      if (from != null || Poll.isReady(ready, 2)) {
        return from;
      }
    }
  }

  /** Ends the wait that runs, or else the next one; any thread. */
  public void wake() {
    wakeup.wake();
  }

  private Socket fourth() throws LinuxException {
    Socket open = v4;
    if (open == null) {
      open = open(false);
      v4 = open;
    }
    return open;
  }

  private Socket sixth() throws LinuxException {
    Socket open = v6;
    if (open == null) {
      open = open(true);
      v6 = open;
    }
    return open;
  }

  private static Socket open(boolean ipv6) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long result = socket(scratch, ipv6, SOCK_DGRAM);
      if (result >= 0) {
        return new Socket((int) result, false);
      }
      if (result == -Errno.EACCES.number() || result == -Errno.EPROTONOSUPPORT.number()) {
        result = socket(scratch, ipv6, SOCK_RAW);
      }
      Kernel.check(result, Syscall.SOCKET, "");
      Socket raw = new Socket((int) result, true);
      try {
        takeAnswersOnly(scratch, raw, ipv6);
      } catch (LinuxException failed) {
        Kernel.close(raw.descriptor);
        throw failed;
      }
      return raw;
    }
  }

  private static long socket(Scratch scratch, boolean ipv6, int type) {
    return Kernel.call(
        scratch,
        Syscall.SOCKET,
        ipv6 ? AF_INET6 : AF_INET,
        type | SOCK_FLAGS,
        ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
  }

  /** A raw socket gets every message of its protocol that comes to this machine. */
  private static void takeAnswersOnly(Scratch scratch, Socket raw, boolean ipv6)
      throws LinuxException {
    MemorySegment blocked = scratch.struct().asSlice(0, ICMP6_FILTER_BYTES);
    blocked.fill((byte) 0xff);
    int type = (ipv6 ? REPLY_V6 : REPLY_V4) & 0xff;
    long word = type / 32 * 4L;
    int bits = blocked.get(ValueLayout.JAVA_INT, word);
    blocked.set(ValueLayout.JAVA_INT, word, bits & ~(1 << type % 32));
    long result =
        Kernel.call(
            scratch,
            Syscall.SETSOCKOPT,
            raw.descriptor,
            ipv6 ? IPPROTO_ICMPV6 : SOL_RAW,
            FILTER,
            blocked.address(),
            ipv6 ? ICMP6_FILTER_BYTES : 4);
    Kernel.check(result, Syscall.SETSOCKOPT, "");
  }

  /** The kernel puts in the checksum of IPv6, and on its own sockets all that but the mark. */
  private void putQuestion(MemorySegment message, boolean ipv6) {
    message.asSlice(0, MESSAGE_BYTES).fill((byte) 0);
    message.set(ValueLayout.JAVA_BYTE, 0, ipv6 ? REQUEST_V6 : REQUEST_V4);
    message.set(NET_SHORT, 4, id);
    message.set(NET_LONG, HEADER_BYTES, mark);
    message.set(NET_SHORT, 2, checksum(message));
  }

  private static short checksum(MemorySegment message) {
    int sum = 0;
    for (int i = 0; i < MESSAGE_BYTES; i += 2) {
      sum += message.get(NET_SHORT, i) & 0xffff;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (short) ~sum;
  }

  private static int putAddress(MemorySegment into, InetAddress host) {
    into.asSlice(0, SOCKADDR_BYTES).fill((byte) 0);
    byte[] bytes = host.getAddress();
    if (host instanceof Inet6Address sixth) {
      into.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET6);
      MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, 8, bytes.length);
      into.set(ValueLayout.JAVA_INT, 24, sixth.getScopeId());
      return SOCKADDR_BYTES;
    }
    into.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET);
    MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, 4, bytes.length);
    return 16;
  }

  /** Null where what came is no answer to this, or is gone already. */
  private @Nullable InetAddress receive(Socket socket, boolean ipv6) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      return receive(scratch, socket, ipv6);
    }
  }

  private @Nullable InetAddress receive(Scratch scratch, Socket socket, boolean ipv6)
      throws LinuxException {
    MemorySegment message = scratch.path();
    MemorySegment from = scratch.struct();
    MemorySegment length = from.asSlice(64, 4);
    length.set(ValueLayout.JAVA_INT, 0, SOCKADDR_BYTES);
    long result =
        Kernel.call(
            scratch,
            Syscall.RECVFROM,
            socket.descriptor,
            message.address(),
            RECEIVE_BYTES,
            0,
            from.address(),
            length.address());
    if (result == -Errno.EAGAIN.number()) {
      return null;
    }
    Kernel.check(result, Syscall.RECVFROM, "");
    int start = 0;
    if (socket.raw && !ipv6) {
      start = result < MIN_IP_HEADER_BYTES ? 0 : (message.get(ValueLayout.JAVA_BYTE, 0) & 0xf) * 4;
    }
    if (result < start + MESSAGE_BYTES
        || message.get(ValueLayout.JAVA_BYTE, start) != (ipv6 ? REPLY_V6 : REPLY_V4)
        || message.get(NET_LONG, start + (long) HEADER_BYTES) != mark) {
      return null;
    }
    return address(scratch, from, ipv6);
  }

  private static InetAddress address(Scratch scratch, MemorySegment from, boolean ipv6) {
    byte[] bytes = ipv6 ? scratch.copyOf(from.asSlice(8), 16) : scratch.copyOf(from.asSlice(4), 4);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException impossible) {
      throw new AssertionError("4 and 16 bytes are addresses", impossible);
    }
  }

  @Override
  public void close() {
    wakeup.close();
    if (v4 != null) {
      Kernel.close(v4.descriptor);
      v4 = null;
    }
    if (v6 != null) {
      Kernel.close(v6.descriptor);
      v6 = null;
    }
  }
}
