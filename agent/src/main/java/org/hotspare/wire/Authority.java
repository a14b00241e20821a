package org.hotspare.wire;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.bouncycastle.util.IPAddress;

/**
 * What the cluster's own certificate authority does: keys on the curve P-256, signatures by ECDSA
 * with SHA-256. The subject of a certificate is the node ({@code CN}) in its cluster ({@code O}).
 */
final class Authority {
  static final Duration AUTHORITY_LIFE = Duration.ofDays(20 * 365L);
  static final Duration NODE_LIFE = Duration.ofDays(90);

  /** Certificates count from a little before they are made, for nodes whose clock is behind. */
  static final Duration BACKDATED = Duration.ofHours(1);

  static final String COMMON_NAME = "hotspare authority";

  private static final String SIGNATURE = "SHA256withECDSA";
  private static final String CURVE = "secp256r1";
  private static final int CURVE_BITS = 256;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Authority() {}

  static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(CURVE), RANDOM);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has the curve P-256", e);
    }
  }

  /** The self-signed certificate of a new cluster's authority. */
  static X509Certificate create(String cluster, KeyPair key, Instant now) throws IOException {
    X500Name name = name(cluster, COMMON_NAME);
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            newSerial(),
            Date.from(now.minus(BACKDATED)),
            Date.from(now.plus(AUTHORITY_LIFE)),
            name,
            key.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
    return finish(builder, key.getPrivate());
  }

  /**
   * A certificate for a node, good for both ends of a connection.
   *
   * @param hosts by which others may call it beside its name: host names and IP addresses
   */
  static X509Certificate sign(
      X509Certificate authority,
      PrivateKey authorityKey,
      String cluster,
      String node,
      Collection<String> hosts,
      PublicKey key,
      Instant now)
      throws IOException {
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            authority,
            newSerial(),
            Date.from(now.minus(BACKDATED)),
            Date.from(now.plus(NODE_LIFE)),
            javaName(cluster, node),
            key);
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    builder.addExtension(
        Extension.extendedKeyUsage,
        false,
        new ExtendedKeyUsage(
            new KeyPurposeId[] {KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_serverAuth}));
    builder.addExtension(Extension.subjectAlternativeName, false, names(node, hosts));
    return finish(builder, authorityKey);
  }

  /** What clients compare that know nothing of clusters and nodes, such as those of HTTPS. */
  private static GeneralNames names(String node, Collection<String> hosts) {
    return new GeneralNames(
        Stream.concat(Stream.of(node), hosts.stream())
            .distinct()
            .map(Authority::name)
            .toArray(GeneralName[]::new));
  }

  private static GeneralName name(String host) {
    boolean numeric = IPAddress.isValid(host);
    return new GeneralName(numeric ? GeneralName.iPAddress : GeneralName.dNSName, host);
  }

  /** A PKCS#10 request for a certificate of {@code node}, in DER. */
  static byte[] request(String cluster, String node, KeyPair key) throws IOException {
    try {
      return new JcaPKCS10CertificationRequestBuilder(name(cluster, node), key.getPublic())
          .build(new JcaContentSignerBuilder(SIGNATURE).build(key.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException e) {
      throw new IdentityException("cannot sign a certificate request: " + e.getMessage(), e);
    }
  }

  /**
   * The key that a request asks a certificate for.
   *
   * @throws IdentityException if it is malformed, not signed by its own key, of another kind of
   *     key, or for another node or cluster
   */
  static PublicKey requestedKey(byte[] request, String cluster, String node)
      throws IdentityException {
    try {
      JcaPKCS10CertificationRequest parsed = parse(request);
      PublicKey key = parsed.getPublicKey();
      if (!(key instanceof ECPublicKey curve)
          || curve.getParams().getCurve().getField().getFieldSize() != CURVE_BITS) {
        throw new IdentityException("a certificate request for no key on the curve P-256");
      }
      if (!parsed.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new IdentityException("a certificate request that its own key did not sign");
      }
      X500Name subject = parsed.getSubject();
      if (!part(subject, BCStyle.CN).equals(node) || !part(subject, BCStyle.O).equals(cluster)) {
        throw new IdentityException(
            "a certificate request for %s of cluster %s instead of %s of cluster %s"
                .formatted(
                    PlainText.sentence(part(subject, BCStyle.CN)),
                    PlainText.sentence(part(subject, BCStyle.O)),
                    node,
                    cluster));
      }
      return key;
    } catch (GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | RuntimeException malformed) {
      // The parser meets nonsense with exceptions of many kinds.
      throw new IdentityException("a malformed certificate request", malformed);
    }
  }

  private static JcaPKCS10CertificationRequest parse(byte[] request) throws IdentityException {
    try {
      return new JcaPKCS10CertificationRequest(request);
    } catch (IOException e) {
      throw new IdentityException("a malformed certificate request", e);
    }
  }

  /** The node that a certificate is for; empty where it names none. */
  static String node(X509Certificate certificate) {
    return part(subject(certificate), BCStyle.CN);
  }

  /** The cluster that a certificate belongs to; empty where it names none. */
  static String cluster(X509Certificate certificate) {
    return part(subject(certificate), BCStyle.O);
  }

  /** When {@code parts} of {@code of} parts of a certificate's life are over. */
  static Instant share(X509Certificate certificate, int parts, int of) {
    Instant from = certificate.getNotBefore().toInstant();
    Duration life = Duration.between(from, certificate.getNotAfter().toInstant());
    return from.plus(life.multipliedBy(parts).dividedBy(of));
  }

  private static X500Name subject(X509Certificate certificate) {
    return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
  }

  private static X500Name name(String cluster, String node) {
    return new X500NameBuilder(BCStyle.INSTANCE)
        .addRDN(BCStyle.O, cluster)
        .addRDN(BCStyle.CN, node)
        .build();
  }

  private static javax.security.auth.x500.X500Principal javaName(String cluster, String node)
      throws IOException {
    return new javax.security.auth.x500.X500Principal(name(cluster, node).getEncoded());
  }

  private static String part(X500Name name, ASN1ObjectIdentifier kind) {
    RDN[] parts = name.getRDNs(kind);
    return parts.length == 1 ? IETFUtils.valueToString(parts[0].getFirst().getValue()) : "";
  }

  private static BigInteger newSerial() {
    // 127 random bits, and never 0.
    return new BigInteger(127, RANDOM).setBit(126);
  }

  private static X509Certificate finish(JcaX509v3CertificateBuilder builder, PrivateKey key)
      throws IOException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
    } catch (OperatorCreationException | CertificateException e) {
      throw new IdentityException("cannot make a certificate: " + e.getMessage(), e);
    }
  }
}
