package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AdmissionTest {
  private static final Bytes CONFIGURATION = Bytes.of("cluster: web\n");

  @TempDir Path temporary;
  private Certificates alpha;
  private Admission admission;
  private TestCluster cluster;

  @BeforeEach
  void init() throws IOException {
    alpha = Certificates.init(temporary.resolve("alpha"), "web", "alpha");
    admission = admission(InstantSource.system());
    cluster =
        new TestCluster(alpha, node -> true, admission, TestCluster.OPTIONS, LinkOptions.HANDSHAKE);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private Admission admission(InstantSource clock) {
    return new Admission(
        alpha, new Invitations(temporary.resolve("invitations")), () -> CONFIGURATION, clock);
  }

  private JoinToken invite(String node, boolean data) throws IOException {
    return admission.invite(node, data, List.of(cluster.address()), Invitations.VALID);
  }

  @Test
  void anInvitedNodeBecomesAMember() throws Exception {
    JoinToken token = JoinToken.parse(invite("beta", true).text());
    Admission.Admitted admitted = join(token, "beta");
    assertThat(admitted.configuration()).isEqualTo(CONFIGURATION);
    Certificates beta = admitted.certificates();
    assertThat(beta.node()).isEqualTo("beta");
    assertThat(beta.cluster()).isEqualTo("web");
    assertThat(beta.holdsAuthorityKey()).isTrue();
    for (String secret : List.of("authority-key.pem", "node-key.pem")) {
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(temporary.resolve("beta").resolve(secret))))
          .isEqualTo("rw-------");
    }
    try (Link client = cluster.connect(beta, TestCluster.OPTIONS);
        Link server = cluster.accepted()) {
      assertThat(server.peer()).isEqualTo("beta");
      assertThat(client.peer()).isEqualTo("alpha");
    }
    // What the newcomer signs is as good.
    Certificates gamma = TestCluster.member(beta, temporary.resolve("gamma"), "gamma");
    cluster.connect(gamma, TestCluster.OPTIONS).close();
  }

  @Test
  void aNodeWithoutDataGetsNoKey() throws Exception {
    Certificates gamma = join(invite("gamma", false), "gamma").certificates();
    assertThat(gamma.holdsAuthorityKey()).isFalse();
    assertThat(temporary.resolve("gamma/authority-key.pem")).doesNotExist();
    assertThatThrownBy(
            () ->
                new Admission(gamma, new Invitations(temporary.resolve("x")), () -> CONFIGURATION)
                    .invite("delta", true, List.of(cluster.address()), Invitations.VALID))
        .hasMessageContaining("does not hold the authority's key");
  }

  @Test
  void aTokenWorksOnce() throws Exception {
    JoinToken token = invite("beta", true);
    join(token, "beta");
    assertThatThrownBy(() -> join(token, "again")).hasMessageContaining("used already");
    assertThatThrownBy(() -> join(token, "beta")).hasMessageContaining("already");
    assertThat(temporary.resolve("again/node.pem")).doesNotExist();
  }

  @Test
  void ofManyAtOnceOneGetsIn() throws Exception {
    JoinToken token = invite("beta", true);
    InetAddress from = InetAddress.getLoopbackAddress();
    byte[] request = Certificates.request(temporary.resolve("many"), "web", "beta");
    List<Callable<Boolean>> attempts = new ArrayList<>();
    for (int i = 0; i < AttemptLimit.ATTEMPTS; i++) {
      attempts.add(() -> admitted(token, from, request));
    }
    int admitted = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Boolean> attempt : threads.invokeAll(attempts)) {
        admitted += attempt.get() ? 1 : 0;
      }
    }
    assertThat(admitted).isEqualTo(1);
  }

  private boolean admitted(JoinToken token, InetAddress from, byte[] request) throws IOException {
    try {
      admission.admit(new Frame.Join("beta", token.secret(), Bytes.wrap(request)), from);
      return true;
    } catch (IdentityException refused) {
      return false;
    }
  }

  @Test
  void anExpiredTokenIsRefusedOnBothSides() throws Exception {
    JoinToken token =
        admission.invite("beta", true, List.of(cluster.address()), Duration.ofSeconds(-1));
    assertThatThrownBy(() -> join(token, "beta"))
        .isInstanceOf(IdentityException.class)
        .hasMessageContaining("expired")
        .hasMessageContaining("hotspare invite beta");
    JoinToken forged =
        new JoinToken(
            token.cluster(),
            token.node(),
            token.addresses(),
            token.authority(),
            token.secret(),
            Instant.now().plusSeconds(600));
    assertThatThrownBy(() -> join(forged, "beta")).hasMessageContaining("the token expired at");
  }

  @Test
  void wrongSecretsAreRefusedAndCounted() throws Exception {
    JoinToken token = invite("beta", true);
    JoinToken wrong = withSecret(token, new byte[JoinToken.SECRET_BYTES]);
    for (int i = 0; i < AttemptLimit.ATTEMPTS; i++) {
      assertThatThrownBy(() -> join(wrong, "beta")).hasMessageContaining("not known here");
    }
    assertThatThrownBy(() -> join(wrong, "beta")).hasMessageContaining("wait a minute");
    assertThatThrownBy(() -> join(token, "beta")).hasMessageContaining("wait a minute");
  }

  @Test
  void aTokenIsForItsNodeOnly() throws Exception {
    JoinToken token = invite("beta", true);
    JoinToken other =
        new JoinToken(
            "web", "gamma", token.addresses(), token.authority(), token.secret(), token.expires());
    assertThatThrownBy(() -> join(other, "gamma")).hasMessageContaining("not known here");
    join(token, "beta");
  }

  @Test
  void theSecretIsNotShownToWhoeverIsNotTheRightOne() throws Exception {
    JoinToken token = invite("beta", true);
    byte[] flipped = token.authority().bytes().toArray();
    flipped[0] ^= 1;
    JoinToken wrong =
        new JoinToken(
            "web", "beta", token.addresses(), Digest.of(flipped), token.secret(), token.expires());
    assertThatThrownBy(() -> join(wrong, "beta"))
        .hasMessageContaining("not of the cluster that made the token");
    // The invitation is still good: nobody has seen the secret.
    join(token, "beta");
  }

  @Test
  void aMalformedRequestDoesNotCostTheToken() throws Exception {
    JoinToken token = invite("beta", true);
    InetAddress from = InetAddress.getLoopbackAddress();
    Frame.Join malformed = new Frame.Join("beta", token.secret(), Bytes.of("rubbish"));
    assertThatThrownBy(() -> admission.admit(malformed, from)).isInstanceOf(IOException.class);
    byte[] foreign = Certificates.request(temporary.resolve("x"), "web", "gamma");
    Frame.Join otherNode = new Frame.Join("beta", token.secret(), Bytes.wrap(foreign));
    assertThatThrownBy(() -> admission.admit(otherNode, from)).hasMessageContaining("gamma");
    join(token, "beta");
  }

  @Test
  void oldInvitationsAreRemoved() throws Exception {
    invite("beta", true);
    admission(InstantSource.offset(InstantSource.system(), Duration.ofHours(2)))
        .invite("gamma", false, List.of(cluster.address()), Invitations.VALID);
    try (var files = Files.list(temporary.resolve("invitations"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .singleElement()
          .asString()
          .startsWith("gamma.");
    }
  }

  @Test
  void aCertificateIsRenewedOverALink() throws Exception {
    Certificates gamma = join(invite("gamma", false), "gamma").certificates();
    Instant before = gamma.validUntil();
    try (Link client = cluster.connect(gamma, TestCluster.OPTIONS);
        Link server = cluster.accepted()) {
      client.sendNow(new Frame.Renew(Bytes.wrap(gamma.request())));
      Frame.Renew asked = (Frame.Renew) server.receive();
      server.sendNow(
          new Frame.Renewed(Bytes.wrap(alpha.sign(asked.request().toArray(), server.peer()))));
      gamma.install(((Frame.Renewed) client.receive()).certificate().toArray());
    }
    assertThat(gamma.validUntil()).isAfterOrEqualTo(before);
    cluster.connect(gamma, TestCluster.OPTIONS).close();
  }

  private static JoinToken withSecret(JoinToken token, byte[] secret) {
    return new JoinToken(
        token.cluster(),
        token.node(),
        token.addresses(),
        token.authority(),
        Bytes.wrap(secret),
        token.expires());
  }

  private Admission.Admitted join(JoinToken token, String directory) throws IOException {
    return Admission.join(token, temporary.resolve(directory), "0.1.0");
  }
}
