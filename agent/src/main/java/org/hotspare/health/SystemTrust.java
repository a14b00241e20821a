package org.hotspare.health;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate authorities that this system trusts, as its other programs do: what {@code
 * update-ca-certificates} and its like made. Where there is no such file, Java's own. Read once.
 */
final class SystemTrust {
  private static final Logger LOG = LoggerFactory.getLogger(SystemTrust.class);

  /** Of Debian and its kin, of Red Hat's, of SUSE's. */
  private static final List<Path> BUNDLES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"));

  private static final class Once {
    private static final @Nullable KeyStore AUTHORITIES = read();

    private Once() {}
  }

  private SystemTrust() {}

  /** Makes connections that are new each time: one that is resumed shows no certificate. */
  static SSLSocketFactory connections() {
    return connections(Once.AUTHORITIES);
  }

  /**
   * @param authorities null for Java's own
   */
  static SSLSocketFactory connections(@Nullable KeyStore authorities) {
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(authorities);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java cannot encrypt", e);
    }
  }

  private static @Nullable KeyStore read() {
    for (Path bundle : BUNDLES) {
      if (Files.isReadable(bundle)) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(bundle))) {
          CertificateFactory factory = CertificateFactory.getInstance("X.509");
          return store(factory.generateCertificates(in));
        } catch (IOException | GeneralSecurityException e) {
          LOG.warn(
              "{} cannot be read, Java's own certificates are used: {}", bundle, e.getMessage());
        }
      }
    }
    return null;
  }

  static KeyStore store(Collection<? extends Certificate> authorities)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    for (Certificate authority : authorities) {
      store.setCertificateEntry(Integer.toString(store.size()), authority);
    }
    return store;
  }
}
