package org.hotspare.wire;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection between two nodes of the cluster that have shown each other who they are.
 *
 * <p>Any thread may send; one thread receives, and keeps receiving while others send, since the
 * other side stops when nobody takes what it says. Sending blocks while the connection is full.
 *
 * <p>A thread of the link's own says something when nobody else did for a while, and answers the
 * other side's pings. It is not the receiving thread that answers: that one would wait for a writer
 * that waits for the other side, which may be in the same position. So an answer says nothing of
 * whether the other side gets on with anything; for that a ping carries a number, see {@link
 * #showWork}.
 */
public final class Link implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Link.class);

  /** How long to try to tell the other side why the connection ends. */
  private static final int FAREWELL_MILLIS = 1000;

  private final FrameChannel channel;
  private final String peer;
  private final String peerVersion;
  private final int protocol;
  private final Duration deadAfter;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Semaphore wake = new Semaphore(0);
  private final AtomicReference<Optional<Frame.Pong>> owed =
      new AtomicReference<>(Optional.empty());

  /** Why this side ended it, for whoever still wants to send. */
  private volatile String ended = "";

  private volatile OptionalLong roundTripNanos = OptionalLong.empty();

  /** Changes while this side's own work goes on. */
  private volatile LongSupplier work = () -> 0;

  /** What the other side said last of its own. Owned by the receiving thread. */
  private long peerWork;

  private volatile long peerWorkedNanos = System.nanoTime();

  /** When a frame came last. */
  private volatile long heardNanos = System.nanoTime();

  private Link(
      FrameChannel channel, String peer, String peerVersion, int protocol, Duration deadAfter) {
    this.channel = channel;
    this.peer = peer;
    this.peerVersion = peerVersion;
    this.protocol = protocol;
    this.deadAfter = deadAfter;
  }

  /** From now on the peer is given up when nothing is heard of it. */
  static Link start(
      FrameChannel channel, String peer, String peerVersion, int protocol, Duration deadAfter)
      throws IOException {
    channel.readTimeout(Math.toIntExact(deadAfter.toMillis()));
    Link link = new Link(channel, peer, peerVersion, protocol, deadAfter);
    // No virtual thread: those wait for each other while others of them read files.
    Thread.ofPlatform().daemon().name("link-" + peer).start(link::keepAlive);
    return link;
  }

  /** The other node, as its certificate says. */
  public String peer() {
    return peer;
  }

  /** The version of the other node's program, for people. */
  public String peerVersion() {
    return peerVersion;
  }

  /** The version of the protocol that both sides speak. */
  public int protocol() {
    return protocol;
  }

  public InetSocketAddress address() {
    return channel.address();
  }

  /** What is sent from now on keeps to this limit too, besides that of all links. */
  public void limit(RateLimit own) {
    channel.limit(own);
  }

  /** Bytes received, as they were on the connection, without what TLS adds. */
  public long bytesIn() {
    return channel.bytesIn();
  }

  /** Bytes sent, after compression. */
  public long bytesOut() {
    return channel.bytesOut();
  }

  /** For how long the other side has read nothing of what this one is sending; zero if it reads. */
  public Duration blocked() {
    return Duration.ofNanos(channel.blockedNanos());
  }

  /**
   * From now on the other side is told, four times in {@link LinkOptions#deadAfter}, whether this
   * side's own work goes on, also while nothing is received here because of it.
   *
   * @param changing another number than before if it did since; asked for by the link's own thread,
   *     so it must not wait for the work
   */
  public void showWork(LongSupplier changing) {
    work = changing;
  }

  /**
   * For how long the other side has not shown that its own work goes on; it may well have received
   * and sent meanwhile. Known only while somebody receives here.
   */
  public Duration idle() {
    return Duration.ofNanos(Math.max(0, System.nanoTime() - peerWorkedNanos));
  }

  /**
   * For how long nothing came from the other side; zero while that is no longer than where it has
   * nothing to say. Known only while somebody receives here.
   */
  public Duration overdue() {
    Duration silent = Duration.ofNanos(System.nanoTime() - heardNanos);
    // It looks four times in that time whether it said something in the quarter before.
    return silent.compareTo(deadAfter.dividedBy(2)) > 0 ? silent : Duration.ZERO;
  }

  /** How long the last ping and its answer took; empty before the first. */
  public Optional<Duration> roundTrip() {
    OptionalLong nanos = roundTripNanos;
    return nanos.isEmpty() ? Optional.empty() : Optional.of(Duration.ofNanos(nanos.getAsLong()));
  }

  public boolean isClosed() {
    return closed.get();
  }

  /**
   * Sends a frame. It leaves with the next ones, at {@link #flush}, or when the link has been idle
   * for a while.
   *
   * @throws IllegalArgumentException if it breaks {@link Bounds}
   * @throws IOException if the connection is gone
   */
  public void send(Frame frame) throws IOException {
    if (closed.get()) {
      throw new IOException("the connection to " + this + " is closed" + ended);
    }
    try {
      channel.write(frame);
    } catch (IOException e) {
      abandon();
      throw new IOException("sending to " + this + ": " + e.getMessage(), e);
    }
  }

  /** Lets all that was sent leave now. */
  public void flush() throws IOException {
    try {
      channel.flush();
    } catch (IOException e) {
      abandon();
      throw new IOException("sending to " + this + ": " + e.getMessage(), e);
    }
  }

  /** {@link #send} and {@link #flush}. */
  public void sendNow(Frame frame) throws IOException {
    send(frame);
    flush();
  }

  /**
   * The next frame; pings are dealt with here. Once it has thrown, the link is closed.
   *
   * @throws RefusedException if the other side ended the connection and said why
   * @throws ProtocolException if it broke the rules; it has been told and it was logged
   * @throws SocketTimeoutException if nothing was heard for {@link LinkOptions#deadAfter}
   * @throws EOFException if the connection was closed
   */
  public Frame receive() throws IOException {
    while (true) {
      Frame frame = next();
      switch (frame) {
        case Frame.Ping ping -> {
          if (ping.work() != peerWork) {
            peerWork = ping.work();
            peerWorkedNanos = System.nanoTime();
          }
          owed.set(Optional.of(new Frame.Pong(ping.token())));
          wake.release();
        }
        case Frame.Pong pong -> roundTripNanos = OptionalLong.of(System.nanoTime() - pong.token());
        case Frame.Refused refused -> {
          abandon();
          throw new RefusedException(toString(), refused.reason());
        }
        case Frame.Hello _, Frame.Welcome _, Frame.Join _, Frame.Joined _ ->
            throw violated(
                new ProtocolException(
                    frame.getClass().getSimpleName() + " on an established connection"));
        case Frame.Subscribe _,
            Frame.Subscribed _,
            Frame.CutBegin _,
            Frame.Rows _,
            Frame.ContentPart _,
            Frame.ContentAborted _,
            Frame.CutReached _,
            Frame.CutEnd _,
            Frame.Ack _,
            Frame.Want _,
            Frame.Report _,
            Frame.Decide _,
            Frame.Restore _,
            Frame.RestoreEnd _,
            Frame.RestoreDone _,
            Frame.VerifyRequest _,
            Frame.VerifyReply _,
            Frame.Configured _,
            Frame.Call _,
            Frame.Answered _,
            Frame.CallFailed _,
            Frame.Lease _,
            Frame.Renew _,
            Frame.Renewed _ -> {
          return frame;
        }
      }
    }
  }

  private Frame next() throws IOException {
    try {
      Frame frame = channel.read(Bounds.HEADER_BYTES);
      heardNanos = System.nanoTime();
      return frame;
    } catch (ProtocolException e) {
      // Closing reads what still arrives, so that a frame may be torn.
      throw closed.get()
          ? new IOException("the connection to " + this + " is closed", e)
          : violated(e);
    } catch (SocketTimeoutException e) {
      abandon();
      SocketTimeoutException dead =
          new SocketTimeoutException(
              "nothing heard of " + this + " for " + deadAfter.toMillis() + " ms");
      dead.initCause(e);
      throw dead;
    } catch (EOFException e) {
      abandon();
      throw e;
    } catch (IOException e) {
      abandon();
      throw new IOException("receiving from " + this + ": " + e.getMessage(), e);
    }
  }

  private IOException violated(ProtocolException violation) {
    LOG.warn(
        "{} broke the rules of the protocol: {}; the connection is closed",
        this,
        violation.getMessage());
    close("your frame breaks the rules: " + violation.getMessage());
    return violation;
  }

  private void keepAlive() {
    long intervalNanos = deadAfter.toNanos() / 4;
    long shown = 0;
    long lookedNanos = System.nanoTime();
    try {
      while (!closed.get()) {
        boolean asked = wake.tryAcquire(intervalNanos, TimeUnit.NANOSECONDS);
        Optional<Frame.Pong> pong = owed.getAndSet(Optional.empty());
        if (pong.isPresent()) {
          sendNow(pong.get());
        }
        long now = System.nanoTime();
        boolean worked = false;
        if (now - lookedNanos >= intervalNanos) {
          lookedNanos = now;
          long before = shown;
          shown = work.getAsLong();
          worked = shown != before;
        }
        if (worked || (!asked && now - channel.lastSentNanos() >= intervalNanos)) {
          sendNow(new Frame.Ping(System.nanoTime(), shown));
        }
      }
    } catch (IOException e) {
      // Whoever sends or receives meets the same and reports it.
      LOG.debug("keeping the connection to {} alive: {}", this, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the connection and tells the other side why, which takes up to a second. */
  public void close(String reason) {
    if (!closed.get()) {
      ended = ": " + reason;
    }
    if (closed.compareAndSet(false, true)) {
      wake.release();
      Thread farewell =
          Thread.ofVirtual()
              .name("link-" + peer + "-end")
              .start(() -> channel.end(new Frame.Refused(reason), FAREWELL_MILLIS));
      try {
        farewell.join(Duration.ofMillis(FAREWELL_MILLIS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      channel.cut();
    }
  }

  @Override
  public void close() {
    close("closing");
  }

  /** Closes without a word: the other side is not there to hear it. */
  private void abandon() {
    closed.set(true);
    wake.release();
    channel.cut();
  }

  @Override
  public String toString() {
    return peer
        + " ("
        + channel.address().getAddress().getHostAddress()
        + ":"
        + channel.address().getPort()
        + ")";
  }
}
