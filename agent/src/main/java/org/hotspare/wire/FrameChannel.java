package org.hotspare.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSocket;

/**
 * Frames over one TLS connection. Any thread may write, one thread at a time reads.
 *
 * <p>What is written is gathered, since each write to a TLS socket costs system calls and records
 * of its own; it leaves when enough is there or at {@link #flush}.
 */
final class FrameChannel {
  private static final int GATHERED_BYTES = 128 << 10;

  /** As much as goes into a record of TLS: what the other side takes shows in such pieces. */
  private static final int PIECE_BYTES = 16 << 10;

  private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Socket plain;
  private final SSLSocket tls;
  private final InputStream in;
  private final OutputStream out;
  private final LinkOptions options;
  private final CompressionChoice choice;
  private final PayloadPacker packer;
  private final InetSocketAddress address;

  // The lock owns what is gathered and the socket's output.
  private final ReentrantLock lock = new ReentrantLock();
  private final byte[] gathered = new byte[GATHERED_BYTES];
  private int gatheredBytes;

  private final AtomicLong bytesIn = new AtomicLong();
  private final AtomicLong bytesOut = new AtomicLong();
  private final AtomicBoolean cut = new AtomicBoolean();
  private volatile long lastSentNanos = System.nanoTime();

  /** Whether a piece is being written, since {@link #writingSinceNanos}. */
  private volatile boolean writing;

  private volatile long writingSinceNanos;
  private volatile RateLimit own = RateLimit.none();

  /**
   * @param plain the connection that {@code tls} is layered over: closing it always returns at
   *     once, while closing the TLS socket waits for whoever is writing
   */
  FrameChannel(Socket plain, SSLSocket tls, LinkOptions options) throws IOException {
    this.plain = plain;
    this.tls = tls;
    this.options = options;
    this.in = new CountedInput(tls.getInputStream());
    this.out = tls.getOutputStream();
    this.choice = new CompressionChoice(options.compression());
    this.packer = new ZstdPacker(choice);
    this.address = (InetSocketAddress) plain.getRemoteSocketAddress();
  }

  /** Of the other side. */
  InetSocketAddress address() {
    return address;
  }

  /** As they are on the connection, without what TLS adds. */
  long bytesIn() {
    return bytesIn.get();
  }

  long bytesOut() {
    return bytesOut.get();
  }

  long lastSentNanos() {
    return lastSentNanos;
  }

  /** For how long the other side has taken nothing of what is being written; 0 if nothing is. */
  long blockedNanos() {
    return writing ? Math.max(0, System.nanoTime() - writingSinceNanos) : 0;
  }

  /** What is sent from now on keeps to this limit too. */
  void limit(RateLimit limit) {
    own = limit;
  }

  void write(Frame frame) throws IOException {
    EncodedFrame encoded = FrameCodec.encode(frame, packer);
    lock.lock();
    try {
      gather(encoded.head());
      gather(encoded.payload());
    } finally {
      lock.unlock();
    }
  }

  private void gather(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (gatheredBytes == 0 && bytes.hasArray() && bytes.remaining() >= GATHERED_BYTES) {
        send(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        return;
      }
      int some = Math.min(bytes.remaining(), GATHERED_BYTES - gatheredBytes);
      bytes.get(gathered, gatheredBytes, some);
      gatheredBytes += some;
      if (gatheredBytes == GATHERED_BYTES) {
        sendGathered();
      }
    }
  }

  void flush() throws IOException {
    lock.lock();
    try {
      sendGathered();
    } finally {
      lock.unlock();
    }
  }

  private void sendGathered() throws IOException {
    int length = gatheredBytes;
    gatheredBytes = 0;
    send(gathered, 0, length);
  }

  private void send(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      RateLimit shared = options.limit();
      RateLimit single = own;
      int most = Math.min(shared.chunkBytes(), single.chunkBytes());
      int some = Math.min(end - at, Math.min(most, PIECE_BYTES));
      long started = System.nanoTime();
      long wait = Math.max(shared.reserve(some, started), single.reserve(some, started));
      await(started + wait);
      writingSinceNanos = System.nanoTime();
      writing = true;
      try {
        out.write(bytes, at, some);
      } finally {
        writing = false;
      }
      lastSentNanos = System.nanoTime();
      choice.written(some, lastSentNanos - started);
      bytesOut.addAndGet(some);
      at += some;
    }
  }

  private void await(long untilNanos) throws IOException {
    for (long left = untilNanos - System.nanoTime();
        left > 0;
        left = untilNanos - System.nanoTime()) {
      if (cut.get()) {
        throw new IOException("the connection is closed");
      }
      LockSupport.parkNanos(Math.min(left, NAP_NANOS));
    }
  }

  /**
   * The next frame.
   *
   * @throws java.net.SocketTimeoutException if nothing arrives for the time that was set
   */
  Frame read(int headerLimit) throws IOException {
    return FrameCodec.read(in, headerLimit);
  }

  /** How long one read of the connection may take. */
  void readTimeout(int millis) throws IOException {
    plain.setSoTimeout(millis);
  }

  /** Says the last, in order, and waits a moment for the other side to have read it. May block. */
  void end(Frame last, int patienceMillis) {
    try {
      write(last);
      flush();
      tls.shutdownOutput();
      // Closing a socket with unread input resets it, and the reset overtakes what was just said.
      readTimeout(patienceMillis);
      byte[] ignored = new byte[16 << 10];
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
      while (in.read(ignored) >= 0 && System.nanoTime() < deadline) {
        // Whatever still arrives is of no interest.
      }
    } catch (IOException gone) {
      // There is nobody left to say it to.
    } finally {
      cut();
    }
  }

  /** Closes the connection at once, whatever other threads are doing with it. */
  void cut() {
    cut.set(true);
    try {
      plain.close();
    } catch (IOException e) {
      // A socket that cannot be closed is closed.
    }
  }

  private final class CountedInput extends InputStream {
    private final InputStream source;

    CountedInput(InputStream source) {
      this.source = source;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int count = source.read(bytes, offset, length);
      if (count > 0) {
        bytesIn.addAndGet(count);
      }
      return count;
    }
  }
}
