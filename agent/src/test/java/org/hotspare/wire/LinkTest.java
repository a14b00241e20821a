package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LinkTest {
  private static final int MIB = 1 << 20;
  private static final Duration SOON = Duration.ofSeconds(1);

  @TempDir Path temporary;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private Certificates alpha;
  private Certificates beta;

  @BeforeEach
  void init() throws IOException {
    alpha = Certificates.init(temporary.resolve("alpha"), "web", "alpha");
    beta = TestCluster.member(alpha, temporary.resolve("beta"), "beta");
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void twoNodesKnowEachOtherAndTalk() throws Exception {
    LinkOptions options = options(LinkOptions.DEAD_AFTER, CompressionMode.ON, RateLimit.none());
    try (TestCluster cluster = new TestCluster(alpha, options);
        Link client = cluster.connect(beta, options);
        Link server = cluster.accepted()) {
      assertThat(client.peer()).isEqualTo("alpha");
      assertThat(server.peer()).isEqualTo("beta");
      assertThat(server.peerVersion()).isEqualTo("0.1.0");
      assertThat(client.protocol()).isEqualTo(Protocol.VERSION);
      long seed = System.nanoTime();
      System.out.println("seed " + seed);
      RandomFrames frames = new RandomFrames(seed);
      List<Frame> sent = new ArrayList<>();
      for (int kind = 5; kind <= 21; kind++) {
        sent.add(frames.ofKind(kind));
      }
      for (Frame frame : sent) {
        server.send(frame);
      }
      server.flush();
      for (Frame frame : sent) {
        assertThat(client.receive()).isEqualTo(frame);
      }
      assertThat(client.bytesIn()).isEqualTo(server.bytesOut());
    }
  }

  @Test
  void bothSidesSendAtOnceFromSeveralThreads() throws Exception {
    LinkOptions options = options(LinkOptions.DEAD_AFTER, CompressionMode.AUTO, RateLimit.none());
    try (TestCluster cluster = new TestCluster(alpha, options);
        Link client = cluster.connect(beta, options);
        Link server = cluster.accepted()) {
      List<CompletableFuture<Void>> senders = new ArrayList<>();
      for (Link link : List.of(client, client, server, server)) {
        senders.add(run(() -> sendParts(link, 30)));
      }
      CompletableFuture<Void> received = run(() -> receiveParts(client, 60));
      receiveParts(server, 60);
      received.get(30, TimeUnit.SECONDS);
      for (CompletableFuture<Void> sender : senders) {
        sender.get(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void anIdleLinkStaysAliveAndKnowsItsRoundTrip() throws Exception {
    LinkOptions options = options(SOON, CompressionMode.OFF, RateLimit.none());
    try (TestCluster cluster = new TestCluster(alpha, options);
        Link client = cluster.connect(beta, options);
        Link server = cluster.accepted()) {
      CompletableFuture<Frame> atServer = call(server::receive);
      CompletableFuture<Frame> atClient = call(client::receive);
      long started = System.nanoTime();
      TestCluster.await(
          "three times the deadline",
          () -> System.nanoTime() - started > SOON.multipliedBy(3).toNanos());
      TestCluster.await("a ping came back", () -> client.roundTrip().isPresent());
      client.sendNow(new Frame.CutEnd(Position.NONE));
      server.sendNow(new Frame.Ack(Position.NONE));
      assertThat(atServer.get(10, TimeUnit.SECONDS)).isEqualTo(new Frame.CutEnd(Position.NONE));
      assertThat(atClient.get(10, TimeUnit.SECONDS)).isEqualTo(new Frame.Ack(Position.NONE));
    }
  }

  @Test
  void aPeerThatFallsSilentIsGivenUp() throws Exception {
    try (TestCluster cluster =
        new TestCluster(alpha, options(SOON, CompressionMode.OFF, RateLimit.none()))) {
      FrameChannel silent = cluster.raw(beta.clientContext("alpha"));
      Handshake.greet(silent, "alpha", "web", "beta", "0.1.0");
      Link server = cluster.accepted();
      long started = System.nanoTime();
      assertThatThrownBy(server::receive)
          .isInstanceOf(SocketTimeoutException.class)
          .hasMessageContaining("nothing heard of beta (127.0.0.1:");
      assertThat(System.nanoTime() - started).isLessThan(SOON.multipliedBy(10).toNanos());
      assertThat(server.isClosed()).isTrue();
      assertThatThrownBy(() -> server.send(new Frame.Ack(Position.NONE)))
          .isInstanceOf(IOException.class);
      silent.cut();
    }
  }

  @Test
  void aPeerThatIsBusyAndDoesNotReceiveIsNotGivenUp() throws Exception {
    LinkOptions options = options(SOON, CompressionMode.OFF, RateLimit.none());
    try (TestCluster cluster = new TestCluster(alpha, options);
        Link client = cluster.connect(beta, options);
        Link server = cluster.accepted()) {
      CompletableFuture<Void> sender = run(() -> sendParts(client, 40));
      CompletableFuture<Frame> answer = call(client::receive);
      long started = System.nanoTime();
      TestCluster.await(
          "the receiver was busy for long",
          () -> System.nanoTime() - started > SOON.multipliedBy(4).toNanos());
      assertThat(sender.isDone()).as("the connection is full").isFalse();
      receiveParts(server, 40);
      sender.get(10, TimeUnit.SECONDS);
      server.sendNow(new Frame.Ack(Position.NONE));
      assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo(new Frame.Ack(Position.NONE));
    }
  }

  @Test
  void aPeerThatIsBusyShowsWhetherItsWorkGoesOn() throws Exception {
    LinkOptions options = options(SOON, CompressionMode.OFF, RateLimit.none());
    try (TestCluster cluster = new TestCluster(alpha, options);
        Link client = cluster.connect(beta, options);
        Link server = cluster.accepted()) {
      AtomicInteger done = new AtomicInteger();
      AtomicBoolean working = new AtomicBoolean(true);
      server.showWork(() -> working.get() ? done.incrementAndGet() : done.get());
      CompletableFuture<Void> sender = run(() -> sendParts(client, 40));
      CompletableFuture<Frame> answer = call(client::receive);
      Duration busy = SOON.multipliedBy(4);
      TestCluster.await("the receiver was busy", () -> client.blocked().compareTo(busy) > 0);
      assertThat(client.idle()).isLessThan(SOON.multipliedBy(3));
      working.set(false);
      TestCluster.await("its work stands still", () -> client.idle().compareTo(busy) > 0);
      assertThat(client.isClosed()).isFalse();
      receiveParts(server, 40);
      sender.get(10, TimeUnit.SECONDS);
      server.sendNow(new Frame.Ack(Position.NONE));
      assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo(new Frame.Ack(Position.NONE));
    }
  }

  @Test
  void theOtherSideIsToldWhyALinkEnds() throws Exception {
    try (TestCluster cluster = new TestCluster(alpha, TestCluster.OPTIONS);
        Link client = cluster.connect(beta, TestCluster.OPTIONS);
        Link server = cluster.accepted()) {
      // Unread frames on the closing side must not make the farewell get lost.
      client.sendNow(new Frame.Ack(Position.NONE));
      server.close("the mirror www is not mine");
      assertThatThrownBy(client::receive)
          .isInstanceOfSatisfying(
              RefusedException.class,
              refused -> assertThat(refused.reason()).isEqualTo("the mirror www is not mine"));
      assertThat(client.isClosed()).isTrue();
    }
  }

  @Test
  void closingDoesNotWaitForAWriterThatIsStuck() throws Exception {
    LinkOptions options = options(LinkOptions.DEAD_AFTER, CompressionMode.OFF, RateLimit.none());
    try (TestCluster cluster = new TestCluster(alpha, options);
        Link client = cluster.connect(beta, options);
        Link server = cluster.accepted()) {
      AtomicInteger sent = new AtomicInteger();
      CompletableFuture<Void> stuck =
          run(
              () -> {
                while (true) {
                  sendParts(client, 1);
                  sent.incrementAndGet();
                }
              });
      long[] last = {-1, System.nanoTime()};
      TestCluster.await(
          "the connection is full",
          () -> {
            if (sent.get() != last[0]) {
              last[0] = sent.get();
              last[1] = System.nanoTime();
            }
            return System.nanoTime() - last[1] > SOON.toNanos();
          });
      long started = System.nanoTime();
      client.close("enough");
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(5));
      assertThatThrownBy(() -> stuck.get(10, TimeUnit.SECONDS))
          .hasRootCauseInstanceOf(IOException.class);
      assertThatThrownBy(() -> receiveParts(server, Integer.MAX_VALUE))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aFrameOfFourGigabytesEndsTheConnection() throws Exception {
    try (TestCluster cluster = new TestCluster(alpha, TestCluster.OPTIONS)) {
      Socket plain = cluster.plain();
      var context = beta.clientContext("alpha");
      var tls =
          (javax.net.ssl.SSLSocket)
              context.getSocketFactory().createSocket(plain, "127.0.0.1", plain.getPort(), true);
      FrameChannel channel = new FrameChannel(plain, tls, TestCluster.OPTIONS);
      Handshake.greet(channel, "alpha", "web", "beta", "0.1.0");
      Link server = cluster.accepted();
      tls.getOutputStream().write(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1});
      assertThatThrownBy(server::receive)
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("4294967295 bytes");
      assertThat(channel.read(Bounds.HEADER_BYTES))
          .isInstanceOfSatisfying(
              Frame.Refused.class, refused -> assertThat(refused.reason()).contains("4294967295"));
      plain.close();
    }
  }

  @Test
  void linksThatShareALimitStayWithinItTogether() throws Exception {
    RateLimit limit = RateLimit.of(4 * MIB);
    LinkOptions options = options(LinkOptions.DEAD_AFTER, CompressionMode.OFF, limit);
    try (TestCluster cluster = new TestCluster(alpha, TestCluster.OPTIONS);
        Link one = cluster.connect(beta, options);
        Link two = cluster.connect(beta, options);
        Link serverOne = cluster.accepted();
        Link serverTwo = cluster.accepted()) {
      long started = System.nanoTime();
      List<CompletableFuture<Void>> all =
          List.of(
              run(() -> sendParts(one, 2)),
              run(() -> sendParts(two, 2)),
              run(() -> receiveParts(serverOne, 2)),
              run(() -> receiveParts(serverTwo, 2)));
      for (CompletableFuture<Void> each : all) {
        each.get(30, TimeUnit.SECONDS);
      }
      // Four MiB at four a second, less what had been saved up.
      assertThat(Duration.ofNanos(System.nanoTime() - started))
          .isGreaterThan(Duration.ofMillis(800));
    }
  }

  @Test
  void aSlowLinkCompressesByItself() throws Exception {
    LinkOptions slow = options(LinkOptions.DEAD_AFTER, CompressionMode.AUTO, RateLimit.of(8 * MIB));
    try (TestCluster cluster = new TestCluster(alpha, TestCluster.OPTIONS);
        Link client = cluster.connect(beta, slow);
        Link server = cluster.accepted()) {
      CompletableFuture<Void> received = run(() -> receiveParts(server, 20));
      sendParts(client, 20);
      received.get(30, TimeUnit.SECONDS);
      assertThat(client.bytesOut()).isLessThan(8L * MIB);
    }
  }

  /** Each with a payload of one MiB that shrinks well. */
  private static void sendParts(Link link, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      link.send(
          new Frame.ContentPart(
              EntryId.ROOT,
              List.of(new DeltaOp.Literal((long) i * MIB, MIB)),
              ByteBuffer.allocate(MIB),
              null));
    }
    link.flush();
  }

  private static void receiveParts(Link link, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      assertThat(link.receive()).isInstanceOf(Frame.ContentPart.class);
    }
  }

  private static LinkOptions options(
      Duration deadAfter, CompressionMode compression, RateLimit limit) {
    return new LinkOptions("0.1.0", deadAfter, compression, limit);
  }

  private interface Task {
    void run() throws IOException;
  }

  private interface Call<T> {
    T call() throws IOException;
  }

  private CompletableFuture<Void> run(Task task) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            task.run();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        threads);
  }

  private <T> CompletableFuture<T> call(Call<T> call) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return call.call();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        threads);
  }
}
