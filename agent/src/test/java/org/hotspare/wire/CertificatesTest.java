package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificatesTest {
  private static final Instant NOW = Instant.parse("2030-06-01T12:00:00Z");

  @TempDir Path temporary;
  private Path directory;
  private Certificates alpha;

  @BeforeEach
  void init() throws IOException {
    directory = temporary.resolve("alpha/tls");
    alpha = Certificates.init(directory, "web", "alpha", InstantSource.fixed(NOW));
  }

  @Test
  void aNewClusterHasAnAuthorityAndItsFirstNode() throws IOException {
    assertThat(alpha.cluster()).isEqualTo("web");
    assertThat(alpha.node()).isEqualTo("alpha");
    assertThat(alpha.holdsAuthorityKey()).isTrue();
    assertThat(alpha.validUntil()).isEqualTo(NOW.plus(Duration.ofDays(90)));
    for (String secret : List.of("authority-key.pem", "node-key.pem")) {
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(directory.resolve(secret))))
          .isEqualTo("rw-------");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwx------");
    assertThat(Certificates.load(directory).node()).isEqualTo("alpha");
    assertThatThrownBy(() -> Certificates.init(directory, "web", "alpha"))
        .isInstanceOf(IdentityException.class)
        .hasMessageContaining("already");
  }

  @Test
  void aCertificateNamesItsNodeAndWhereThatIs() throws Exception {
    Path made = temporary.resolve("made");
    Certificates first =
        Certificates.init(made, "web", "alpha", List.of("10.0.0.1", "2001:db8::1", "a.example"));
    assertThat(names(made))
        .containsExactlyInAnyOrder("alpha", "10.0.0.1", "2001:db8:0:0:0:0:0:1", "a.example");
    first.certifyHosts(node -> List.of(node + ".example", "10.0.0.9"));
    first.renew();
    assertThat(names(made)).containsExactlyInAnyOrder("alpha", "alpha.example", "10.0.0.9");
    assertThat(names(directory)).containsExactly("alpha");
  }

  private static List<String> names(Path directory) throws Exception {
    return Pem.readCertificate(directory.resolve("node.pem")).getSubjectAlternativeNames().stream()
        .map(name -> String.valueOf(name.get(1)))
        .toList();
  }

  @Test
  void namesThatAreNoneGetNoCertificate() {
    for (String name : List.of("", "a b", "../x", "x".repeat(64), "a\n")) {
      assertThatThrownBy(() -> Certificates.init(temporary.resolve("x"), "web", name))
          .isInstanceOf(IdentityException.class);
    }
  }

  @Test
  void renewalIsDueAtTwoThirdsOfItsLife() {
    assertThat(alpha.renewalDue(NOW.plus(Duration.ofDays(59)))).isFalse();
    assertThat(alpha.renewalDue(NOW.plus(Duration.ofDays(60)))).isTrue();
  }

  @Test
  void aNodeWithTheAuthoritysKeyRenewsItself() throws IOException {
    Instant later = NOW.plus(Duration.ofDays(80));
    Certificates loaded = Certificates.load(directory, InstantSource.fixed(later));
    byte[] oldKey = Files.readAllBytes(directory.resolve("node-key.pem"));
    loaded.renew();
    assertThat(loaded.validUntil()).isEqualTo(later.plus(Duration.ofDays(90)));
    assertThat(loaded.renewalDue(later)).isFalse();
    assertThat(Files.readAllBytes(directory.resolve("node-key.pem"))).isNotEqualTo(oldKey);
    assertThat(Certificates.load(directory).validUntil()).isEqualTo(loaded.validUntil());
  }

  @Test
  void whatSomebodyElseRenewedIsReadAgain() throws IOException {
    Instant later = NOW.plus(Duration.ofDays(80));
    Certificates.load(directory, InstantSource.fixed(later)).renew();
    Certificates running = Certificates.load(directory, InstantSource.fixed(later));
    Certificates.load(directory, InstantSource.fixed(later.plusSeconds(60))).renew();
    Instant before = running.validUntil();
    running.reload();
    assertThat(running.validUntil()).isEqualTo(before.plusSeconds(60));
  }

  @Test
  void anExpiredCertificateCanStillBeLoadedAndRenewed() throws IOException {
    Instant later = NOW.plus(Duration.ofDays(200));
    Certificates loaded = Certificates.load(directory, InstantSource.fixed(later));
    assertThat(loaded.renewalDue(later)).isTrue();
    loaded.renew();
    assertThat(loaded.validUntil()).isAfter(later);
  }

  @Test
  void aRenewalThatWasInterruptedIsFinishedWhenItIsLoaded() throws IOException {
    Path copy = temporary.resolve("interrupted");
    Files.createDirectory(copy);
    copyAll(directory, copy);
    byte[] certificate = alpha.sign(alpha.request(), "alpha");
    // As it is between the two renames: the new certificate, the old key, the new key beside it.
    Files.copy(directory.resolve("node-key.next.pem"), copy.resolve("node-key.next.pem"));
    alpha.install(certificate);
    Files.copy(
        directory.resolve("node.pem"),
        copy.resolve("node.pem"),
        StandardCopyOption.REPLACE_EXISTING);
    Certificates finished = Certificates.load(copy, InstantSource.fixed(NOW));
    assertThat(finished.node()).isEqualTo("alpha");
    assertThat(copy.resolve("node-key.next.pem")).doesNotExist();

    // A request that was never answered changes nothing.
    alpha.request();
    assertThat(Certificates.load(directory, InstantSource.fixed(NOW)).node()).isEqualTo("alpha");
  }

  @Test
  void onlyAnAnswerToTheLastRequestIsInstalled() throws IOException {
    byte[] first = alpha.sign(alpha.request(), "alpha");
    byte[] second = alpha.sign(alpha.request(), "alpha");
    assertThatThrownBy(() -> alpha.install(first))
        .isInstanceOf(IdentityException.class)
        .hasMessageContaining("key that was asked for");
    alpha.install(second);
    Certificates other =
        Certificates.init(temporary.resolve("other"), "web", "alpha", InstantSource.fixed(NOW));
    byte[] foreign = other.sign(alpha.request(), "alpha");
    assertThatThrownBy(() -> alpha.install(foreign)).hasMessageContaining("not signed by");
  }

  @Test
  void aRequestIsSignedForNobodyElse() throws IOException {
    byte[] request = Certificates.request(temporary.resolve("beta"), "web", "beta");
    assertThatThrownBy(() -> alpha.sign(request, "gamma"))
        .isInstanceOf(IdentityException.class)
        .hasMessageContaining("beta")
        .hasMessageContaining("gamma");
    byte[] otherCluster = Certificates.request(temporary.resolve("beta"), "mail", "beta");
    assertThatThrownBy(() -> alpha.sign(otherCluster, "beta")).hasMessageContaining("mail");
    byte[] flipped = request.clone();
    flipped[flipped.length - 1] ^= 1;
    assertThatThrownBy(() -> alpha.sign(flipped, "beta")).isInstanceOf(IOException.class);
    for (int length = 0; length < request.length; length += 7) {
      byte[] cut = java.util.Arrays.copyOf(request, length);
      assertThatThrownBy(() -> alpha.sign(cut, "beta")).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aNodeWithoutTheAuthoritysKeySignsNothing() throws IOException {
    Certificates witness =
        TestCluster.member(alpha, temporary.resolve("gamma"), "gamma", InstantSource.fixed(NOW));
    assertThat(witness.holdsAuthorityKey()).isFalse();
    byte[] request = witness.request();
    assertThatThrownBy(witness::renew).hasMessageContaining("does not hold");
    byte[] again = witness.request();
    assertThat(again).isNotEqualTo(request);
    witness.install(alpha.sign(again, "gamma"));
  }

  @Test
  void damagedOrMixedFilesAreNamed() throws IOException {
    Files.writeString(directory.resolve("node.pem"), "rubbish");
    assertThatThrownBy(() -> Certificates.load(directory))
        .isInstanceOf(IdentityException.class)
        .hasMessageContaining("node.pem");
    Certificates.init(temporary.resolve("other"), "web", "alpha", InstantSource.fixed(NOW));
    Files.copy(
        temporary.resolve("other/node.pem"),
        directory.resolve("node.pem"),
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> Certificates.load(directory)).hasMessageContaining("not the key");
    Files.copy(
        temporary.resolve("other/node-key.pem"),
        directory.resolve("node-key.pem"),
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> Certificates.load(directory)).hasMessageContaining("not signed by");
    assertThatThrownBy(() -> Certificates.load(temporary.resolve("nowhere")))
        .hasMessageContaining("in no cluster");
  }

  private static void copyAll(Path from, Path to) throws IOException {
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
