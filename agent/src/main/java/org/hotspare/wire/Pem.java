package org.hotspare.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;

/** Certificates and keys as text in files, and as DER. */
final class Pem {
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";

  private Pem() {}

  static void write(Path file, X509Certificate certificate) throws IOException {
    DurableFile.write(file, text(CERTIFICATE, der(certificate)), DurableFile.PUBLIC);
  }

  static void write(Path file, PrivateKey key) throws IOException {
    DurableFile.write(file, text(PRIVATE_KEY, key.getEncoded()), DurableFile.SECRET);
  }

  static X509Certificate readCertificate(Path file) throws IOException {
    try {
      return certificate(content(file, CERTIFICATE));
    } catch (IdentityException e) {
      throw new IdentityException(file + ": " + e.getMessage(), e);
    }
  }

  static PrivateKey readKey(Path file) throws IOException {
    try {
      return key(content(file, PRIVATE_KEY));
    } catch (IdentityException e) {
      throw new IdentityException(file + ": " + e.getMessage(), e);
    }
  }

  static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate that was read can be written", e);
    }
  }

  static X509Certificate certificate(byte[] der) throws IdentityException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IdentityException("not a certificate: " + e.getMessage(), e);
    }
  }

  static PrivateKey key(byte[] pkcs8) throws IdentityException {
    try {
      return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw new IdentityException("not a private key: " + e.getMessage(), e);
    }
  }

  private static byte[] text(String type, byte[] der) throws IOException {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, der));
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] content(Path file, String type) throws IOException {
    byte[] text = DurableFile.read(file, 64 << 10);
    try (PemReader reader =
        new PemReader(new StringReader(new String(text, StandardCharsets.US_ASCII)))) {
      PemObject object = reader.readPemObject();
      if (object == null || !object.getType().equals(type)) {
        throw new IdentityException("no PEM block of type " + type);
      }
      return object.getContent();
    } catch (IOException | RuntimeException malformed) {
      // The reader throws whatever the decoder of its base 64 throws.
      throw malformed instanceof IdentityException known
          ? known
          : new IdentityException("damaged PEM: " + malformed.getMessage(), malformed);
    }
  }
}
