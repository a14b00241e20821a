package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ListenerTest {
  private static final Duration SOON = Duration.ofMillis(500);

  @TempDir Path temporary;
  private Certificates alpha;
  private Certificates beta;

  @BeforeEach
  void init() throws IOException {
    alpha = Certificates.init(temporary.resolve("alpha"), "web", "alpha");
    beta = TestCluster.member(alpha, temporary.resolve("beta"), "beta");
  }

  @Test
  void aNodeOfAnotherAuthorityIsRefusedByBothSides() throws Exception {
    Certificates foreign = Certificates.init(temporary.resolve("foreign"), "web", "beta");
    try (TestCluster cluster = cluster(alpha)) {
      assertThatThrownBy(() -> cluster.connect(foreign, TestCluster.OPTIONS))
          .hasMessageContaining("not signed by this cluster's authority");
      // The same with a client that trusts anyone: it learns of its refusal.
      FrameChannel channel = cluster.raw(trustingAnyone(foreign));
      assertThatThrownBy(() -> Handshake.greet(channel, "alpha", "web", "beta", "0.1.0"))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("not signed by this cluster's authority");
      assertStillWorks(cluster);
    }
  }

  @Test
  void expiredAndFutureCertificatesAreRefusedWithTheReason() throws Exception {
    Instant past = Instant.now().minus(Duration.ofDays(365));
    Certificates old =
        Certificates.init(temporary.resolve("old"), "web", "alpha", InstantSource.fixed(past));
    Certificates client =
        TestCluster.member(old, temporary.resolve("client"), "beta", InstantSource.system());
    Certificates server = Certificates.load(temporary.resolve("old"));
    try (TestCluster cluster = cluster(server)) {
      assertThatThrownBy(() -> cluster.connect(client, TestCluster.OPTIONS))
          .hasMessageContaining("certificate of node alpha expired at")
          .hasMessageContaining("clock");
    }
    Certificates early =
        Certificates.load(
            temporary.resolve("beta"), InstantSource.fixed(Instant.now().minusSeconds(7200)));
    try (TestCluster cluster = cluster(alpha)) {
      assertThatThrownBy(() -> cluster.connect(early, TestCluster.OPTIONS))
          .hasMessageContaining("is valid from")
          .hasMessageContaining("clock");
      assertStillWorks(cluster);
    }
  }

  @Test
  void aCertificateOfTheSameAuthorityForAnotherClusterIsRefused() throws Exception {
    var authorityKey = Authority.newKey();
    var authority = Authority.create("mail", authorityKey, Instant.now());
    var certificate =
        Authority.sign(
            authority,
            authorityKey.getPrivate(),
            "mail",
            "beta",
            List.of(),
            Authority.newKey().getPublic(),
            Instant.now());
    PeerCheck check =
        new PeerCheck(authority, "web", PeerCheck.Revocation.NONE, node -> true, Instant.now());
    assertThatThrownBy(() -> check.check(certificate))
        .hasMessageContaining("for cluster \"mail\", not \"web\"");
    assertThatThrownBy(() -> check.check(authority)).isNotNull();
  }

  @Test
  void onlyTheExpectedNodesAreTaken() throws Exception {
    Certificates gamma = TestCluster.member(alpha, temporary.resolve("gamma"), "gamma");
    try (TestCluster cluster =
        new TestCluster(
            alpha,
            "beta"::equals,
            Doorkeeper.nobody(),
            TestCluster.OPTIONS,
            LinkOptions.HANDSHAKE)) {
      assertThatThrownBy(() -> cluster.connect(gamma, TestCluster.OPTIONS))
          .hasMessageContaining("node gamma is not expected here");
      Connector connector = new Connector(beta, TestCluster.OPTIONS);
      assertThatThrownBy(() -> connector.connect("gamma", List.of(cluster.address())))
          .hasMessageContaining("node alpha is not expected here");
      assertStillWorks(cluster);
    }
  }

  @Test
  void aRevokedCertificateIsRefused() throws Exception {
    try (TestCluster cluster = cluster(alpha)) {
      assertStillWorks(cluster);
      assertThat(alpha.revokeAllOf("beta")).isEqualTo(1);
      assertThat(alpha.revokeAllOf("beta")).isZero();
      assertThatThrownBy(() -> cluster.connect(beta, TestCluster.OPTIONS))
          .hasMessageContaining("the certificate of node beta is revoked");
      Certificates replacement = TestCluster.member(alpha, temporary.resolve("new"), "beta");
      cluster.connect(replacement, TestCluster.OPTIONS).close();
    }
  }

  @Test
  void garbageOnThePortDisturbsNobody() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    byte[] noise = new byte[5000];
    random.nextBytes(noise);
    byte[] http = "GET / HTTP/1.1\r\nHost: alpha\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    try (TestCluster cluster = cluster(alpha)) {
      for (byte[] garbage : List.of(http, noise, new byte[1000])) {
        try (Socket socket = cluster.plain()) {
          socket.getOutputStream().write(garbage);
          readToTheEnd(socket);
        }
      }
      assertStillWorks(cluster);
    }
  }

  @Test
  void olderTlsIsRefused() throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.2");
    context.init(new KeyManager[0], new TrustManager[] {new PeerTrust(chain -> {})}, null);
    try (TestCluster cluster = cluster(alpha);
        SSLSocket socket =
            (SSLSocket)
                context
                    .getSocketFactory()
                    .createSocket(cluster.address().getAddress(), cluster.address().getPort())) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
      assertStillWorks(cluster);
    }
  }

  @Test
  void withoutACertificateNothingButJoiningIsPossible() throws Exception {
    try (TestCluster cluster = cluster(alpha)) {
      FrameChannel stranger = cluster.raw(TestCluster.stranger());
      Handshake.greet(stranger, "alpha", "web", "beta", "0.1.0");
      stranger.write(
          new Frame.Subscribe("www", Bytes.EMPTY, Position.NONE, Lineage.EMPTY, false, true));
      stranger.flush();
      assertRefused(stranger, "Subscribe without a certificate: only Join is possible");

      FrameChannel silent = cluster.raw(TestCluster.stranger());
      silent.write(new Frame.Ping(1, 0));
      silent.flush();
      assertRefused(silent, "the first frame is no hello");
      assertThat(cluster.acceptedNone()).isTrue();
      assertStillWorks(cluster);
    }
  }

  @Test
  void aStrangersFramesAreSmallerStill() throws Exception {
    try (TestCluster cluster = cluster(alpha)) {
      FrameChannel stranger = cluster.raw(TestCluster.stranger());
      Handshake.greet(stranger, "alpha", "web", "beta", "0.1.0");
      byte[] large = new byte[Bounds.STRANGER_HEADER_BYTES];
      stranger.write(new Frame.Joined(Bytes.wrap(large), Bytes.EMPTY, Bytes.EMPTY, Bytes.EMPTY));
      stranger.flush();
      assertRefused(stranger, "a header of 32");
    }
  }

  @Test
  void theHelloHasToFit() throws Exception {
    try (TestCluster cluster = cluster(alpha)) {
      for (Frame.Hello hello :
          List.of(
              new Frame.Hello(2, 3, "web", "beta", "9.9"),
              new Frame.Hello(1, 1, "mail", "beta", "0.1.0"),
              new Frame.Hello(1, 1, "web", "gamma", "0.1.0"))) {
        FrameChannel channel = cluster.raw(beta.clientContext("alpha"));
        channel.write(hello);
        channel.flush();
        assertRefused(
            channel,
            hello.node().equals("gamma")
                ? "node \"gamma\" has the certificate of \"beta\""
                : hello.cluster().equals("mail")
                    ? "this is cluster \"web\", not \"mail\""
                    : "speaks protocol 2 to 3, this node speaks 1");
      }
    }
  }

  /** As while agents are replaced by newer ones: the newer speaks what the older knows. */
  @Test
  void aNewerNodeIsUnderstoodAsLongAsItSpeaksTheOlderProtocolToo() throws Exception {
    int newer = Protocol.VERSION + 1;
    try (TestCluster cluster = cluster(alpha)) {
      FrameChannel channel = cluster.raw(beta.clientContext("alpha"));
      channel.write(new Frame.Hello(Protocol.VERSION, newer, "web", "beta", "9.9"));
      channel.flush();
      assertThat(channel.read(Bounds.STRANGER_HEADER_BYTES))
          .isInstanceOfSatisfying(
              Frame.Welcome.class,
              welcome -> assertThat(welcome.protocol()).isEqualTo(Protocol.VERSION));
      try (Link link = cluster.accepted()) {
        assertThat(link.protocol()).isEqualTo(Protocol.VERSION);
        assertThat(link.peerVersion()).isEqualTo("9.9");
      }
    }
  }

  @Test
  void whoeverTakesTooLongIsCutOff() throws Exception {
    try (TestCluster cluster =
        new TestCluster(alpha, node -> true, Doorkeeper.nobody(), TestCluster.OPTIONS, SOON)) {
      long started = System.nanoTime();
      Socket drip = cluster.plain();
      Thread dripping = Thread.ofVirtual().start(() -> drip(drip));
      FrameChannel mute = cluster.raw(beta.clientContext("alpha"));
      assertThatThrownBy(() -> mute.read(Bounds.HEADER_BYTES)).isInstanceOf(IOException.class);
      readToTheEnd(drip);
      dripping.join();
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(SOON.multipliedBy(10));
      assertStillWorks(cluster);
    }
  }

  @Test
  void unfinishedConnectionsOfOneAddressAreLimited() throws Exception {
    try (TestCluster cluster =
        new TestCluster(
            alpha, node -> true, Doorkeeper.nobody(), TestCluster.OPTIONS, SOON.multipliedBy(2))) {
      List<Socket> hanging = new ArrayList<>();
      for (int i = 0; i < Listener.PENDING_PER_ADDRESS; i++) {
        hanging.add(cluster.plain());
      }
      long started = System.nanoTime();
      try (Socket oneTooMany = cluster.plain()) {
        readToTheEnd(oneTooMany);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(SOON.multipliedBy(2));
      for (Socket socket : hanging) {
        readToTheEnd(socket);
        socket.close();
      }
      assertStillWorks(cluster);
    }
  }

  @Test
  void placesAreSharedBetweenAddresses() throws Exception {
    Listener.Places places = new Listener.Places();
    int taken = 0;
    for (int host = 1; host <= 10; host++) {
      var address = new InetSocketAddress("10.0.0." + host, 1).getAddress();
      while (places.take(address)) {
        taken++;
      }
    }
    assertThat(taken).isEqualTo(Listener.PENDING);
    var first = new InetSocketAddress("10.0.0.1", 1).getAddress();
    places.give(first);
    assertThat(places.take(first)).isTrue();
    assertThat(places.take(first)).isFalse();
  }

  @Test
  void theFirstAddressThatAnswersIsUsed() throws Exception {
    InetSocketAddress dead;
    try (ServerSocket closed = new ServerSocket(0)) {
      dead = InetSocketAddress.createUnresolved("127.0.0.1", closed.getLocalPort());
    }
    Connector connector = new Connector(beta, TestCluster.OPTIONS);
    try (TestCluster cluster = cluster(alpha)) {
      InetSocketAddress good =
          InetSocketAddress.createUnresolved("localhost", cluster.address().getPort());
      InetSocketAddress unknown = InetSocketAddress.createUnresolved("nowhere.invalid", 7400);
      connector.connect("alpha", List.of(dead, unknown, good)).close();
      assertThatThrownBy(() -> connector.connect("alpha", List.of(dead, unknown)))
          .hasMessageContaining("cannot reach node alpha: 127.0.0.1:")
          .hasMessageContaining("nowhere.invalid:7400");
      assertThatThrownBy(() -> connector.connect("alpha", List.of())).isNotNull();
    }
  }

  @Test
  void aRenewedCertificateIsUsedWithoutARestart() throws Exception {
    Certificates client = beta;
    try (TestCluster cluster = cluster(alpha);
        Link before = cluster.connect(client, TestCluster.OPTIONS);
        Link serverBefore = cluster.accepted()) {
      byte[] first = shownCertificate(cluster);
      alpha.renew();
      client.install(alpha.sign(client.request(), "beta"));
      assertThat(shownCertificate(cluster)).isNotEqualTo(first);
      try (Link after = cluster.connect(client, TestCluster.OPTIONS)) {
        assertThat(after.peer()).isEqualTo("alpha");
      }
      before.sendNow(new Frame.Ack(Position.NONE));
      assertThat(serverBefore.receive()).isEqualTo(new Frame.Ack(Position.NONE));
    }
  }

  private byte[] shownCertificate(TestCluster cluster) throws IOException {
    byte[][] shown = {{}};
    SSLContext context =
        Certificates.context(
            new KeyManager[0], new PeerTrust(chain -> shown[0] = chain[0].getEncoded()));
    cluster.raw(context).cut();
    return shown[0];
  }

  private static SSLContext trustingAnyone(Certificates certificates) throws IOException {
    Path directory = certificates.directory();
    return Certificates.context(
        new KeyManager[] {
          new NodeKey(
              Pem.readCertificate(directory.resolve("node.pem")),
              Pem.readCertificate(directory.resolve("authority.pem")),
              Pem.readKey(directory.resolve("node-key.pem")))
        },
        new PeerTrust(chain -> {}));
  }

  private static TestCluster cluster(Certificates server) throws IOException {
    return new TestCluster(server, TestCluster.OPTIONS);
  }

  private void assertStillWorks(TestCluster cluster) throws Exception {
    try (Link client = cluster.connect(beta, TestCluster.OPTIONS);
        Link server = cluster.accepted()) {
      client.sendNow(new Frame.Ack(Position.NONE));
      assertThat(server.receive()).isEqualTo(new Frame.Ack(Position.NONE));
    }
  }

  private static void assertRefused(FrameChannel channel, String reason) throws IOException {
    assertThat(channel.read(Bounds.HEADER_BYTES))
        .isInstanceOfSatisfying(
            Frame.Refused.class, refused -> assertThat(refused.reason()).contains(reason));
    channel.cut();
  }

  /** Until the other side has closed, in whatever way. */
  private static void readToTheEnd(Socket socket) throws IOException {
    byte[] ignored = new byte[1000];
    try {
      while (socket.getInputStream().read(ignored) >= 0) {
        // An alert, perhaps.
      }
    } catch (java.net.SocketTimeoutException stillOpen) {
      throw stillOpen;
    } catch (IOException reset) {
      assertThat(reset).isNotNull();
    }
  }

  /** The beginning of a TLS record, a byte at a time, for as long as it is taken. */
  private static void drip(Socket socket) {
    byte[] hello = {22, 3, 1, 1, 0, 1, 0, 0, (byte) 252, 3, 3};
    try {
      for (int i = 0; ; i++) {
        socket.getOutputStream().write(i < hello.length ? hello[i] : 0);
        Thread.sleep(20);
      }
    } catch (IOException | InterruptedException cutOff) {
      assertThat(cutOff).isNotNull();
    }
  }
}
