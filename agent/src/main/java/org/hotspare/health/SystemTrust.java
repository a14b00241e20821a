package org.hotspare.health;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate authorities that this system trusts, as its other programs do: what {@code
 * update-ca-certificates} and its like made. Where there is no such file, Java's own. Read again
 * when the file is another one, by a thread beside the looks: to read it takes most of a second.
 */
final class SystemTrust {
  private static final Logger LOG = LoggerFactory.getLogger(SystemTrust.class);

  /** Of Debian and its kin, of Red Hat's, of SUSE's. */
  private static final List<Path> BUNDLES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"));

  private static final SystemTrust SYSTEM = new SystemTrust(BUNDLES);

  private final List<Path> bundles;

  /** The file that was read last, whatever came of it; empty for none. */
  private Optional<Version> read = Optional.empty();

  /** Null for Java's own. */
  private @Nullable KeyStore authorities;

  private boolean begun;
  private boolean reading;

  /** Which file it is, and as of when. */
  private record Version(Path file, FileTime modified, String inode) {}

  /**
   * @param bundles of which the first one that can be read is taken
   */
  SystemTrust(List<Path> bundles) {
    this.bundles = bundles;
  }

  /** Makes connections that are new each time: one that is resumed shows no certificate. */
  static SSLSocketFactory connections() {
    return connections(SYSTEM.authorities());
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

  /** As read last; waits only for the first reading. Null for Java's own. */
  synchronized @Nullable KeyStore authorities() {
    Optional<Version> present = present();
    if (!begun) {
      begun = true;
      read = present;
      authorities = read(present, null);
    } else if (!reading && !present.equals(read)) {
      reading = true;
      KeyStore before = authorities;
      Thread.ofPlatform().name("authorities").daemon().start(() -> readAgain(present, before));
    }
    return authorities;
  }

  private void readAgain(Optional<Version> present, @Nullable KeyStore before) {
    KeyStore next = before;
    try {
      next = read(present, before);
    } finally {
      replace(present, next);
    }
  }

  private synchronized void replace(Optional<Version> version, @Nullable KeyStore next) {
    reading = false;
    read = version;
    authorities = next;
  }

  private Optional<Version> present() {
    return bundles.stream().flatMap(file -> version(file).stream()).findFirst();
  }

  private static Optional<Version> version(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.of(new Version(file, now.lastModifiedTime(), String.valueOf(now.fileKey())));
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  /**
   * @param otherwise taken where it cannot be read
   */
  private static @Nullable KeyStore read(Optional<Version> version, @Nullable KeyStore otherwise) {
    if (version.isEmpty()) {
      return null;
    }
    Path file = version.get().file();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      return store(factory.generateCertificates(in));
    } catch (IOException | GeneralSecurityException e) {
      String instead = otherwise == null ? "Java's own certificates are" : "what it said before is";
      LOG.warn("{} cannot be read, {} used: {}", file, instead, e.getMessage());
      return otherwise;
    }
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
