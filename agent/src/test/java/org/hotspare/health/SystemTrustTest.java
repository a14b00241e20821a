package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemTrustTest {
  /** As {@code update-ca-certificates} does it: another file in place of the one before. */
  private static void write(Path bundle, X509Certificate... certificates) throws Exception {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      String lines = Base64.getMimeEncoder().encodeToString(certificate.getEncoded());
      text.append("-----BEGIN CERTIFICATE-----\n" + lines + "\n-----END CERTIFICATE-----\n");
    }
    replace(bundle, text.toString());
  }

  private static void replace(Path bundle, String text) throws Exception {
    Path next = bundle.resolveSibling("next");
    Files.writeString(next, text, StandardCharsets.US_ASCII);
    Files.move(next, bundle, StandardCopyOption.REPLACE_EXISTING);
  }

  /** -1 for Java's own. */
  private static int size(SystemTrust trust) {
    KeyStore authorities = trust.authorities();
    try {
      return authorities == null ? -1 : authorities.size();
    } catch (KeyStoreException e) {
      throw new AssertionError(e);
    }
  }

  private static X509Certificate certificate() throws Exception {
    HttpCheckTest.Encrypted encrypted = HttpCheckTest.Encrypted.open();
    encrypted.listening().close();
    return encrypted.certificate();
  }

  @Test
  void whoIsTrustedIsReadAgainWhenTheFileIsAnotherOne(@TempDir Path directory) throws Exception {
    Path bundle = directory.resolve("authorities");
    X509Certificate one = certificate();
    X509Certificate other = certificate();
    write(bundle, one);
    SystemTrust trust = new SystemTrust(List.of(directory.resolve("none"), bundle));
    assertThat(size(trust)).isEqualTo(1);
    assertThat(trust.authorities()).isSameAs(trust.authorities());
    write(bundle, one, other);
    Await.await("both are trusted", () -> size(trust) == 2);
    // What cannot be read leaves what was; then another one can be.
    replace(bundle, "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n");
    assertThat(size(trust)).isEqualTo(2);
    write(bundle, other);
    Await.await("one is trusted", () -> size(trust) == 1);
    Files.delete(bundle);
    Await.await("Java's own are trusted", () -> size(trust) == -1);
  }
}
