package org.hotspare.wire;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Whether a certificate is that of a peer: signed by the cluster's own authority and nobody else,
 * for this cluster, valid now, not revoked, and of an expected node.
 *
 * @param peers the nodes that are expected
 */
record PeerCheck(
    X509Certificate authority,
    String cluster,
    Revocation revocation,
    Predicate<String> peers,
    Instant now) {

  /** Whether a certificate was taken back. */
  @FunctionalInterface
  interface Revocation {
    Revocation NONE = certificate -> false;

    boolean isRevoked(X509Certificate certificate) throws IOException;
  }

  /**
   * @throws CertificateException if it is not, in words for an operator
   */
  void check(X509Certificate certificate) throws CertificateException {
    checkChain(certificate);
    String node = Authority.node(certificate);
    String itsCluster = Authority.cluster(certificate);
    if (!itsCluster.equals(cluster)) {
      throw new CertificateException(
          "the certificate of %s is for cluster \"%s\", not \"%s\""
              .formatted(PlainText.sentence(node), PlainText.sentence(itsCluster), cluster));
    }
    if (!PlainText.isName(node)) {
      throw new CertificateException("the certificate is for no node");
    }
    checkValidity("certificate of node " + node, certificate);
    checkRevocation(node, certificate);
    if (!peers.test(node)) {
      throw new CertificateException("node " + node + " is not expected here");
    }
  }

  private void checkChain(X509Certificate certificate) throws CertificateException {
    checkValidity("cluster's authority", authority);
    if (!certificate.getIssuerX500Principal().equals(authority.getSubjectX500Principal())) {
      throw new CertificateException("the certificate is of another authority");
    }
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
      parameters.setRevocationEnabled(false);
      // The time is judged on its own, for the sake of the message.
      parameters.setDate(Date.from(Authority.share(certificate, 1, 2)));
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)),
              parameters);
    } catch (CertPathValidatorException e) {
      throw new CertificateException(
          "the certificate was not signed by this cluster's authority: " + e.getMessage(), e);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("the certificate cannot be checked: " + e.getMessage(), e);
    }
  }

  private void checkValidity(String what, X509Certificate certificate) throws CertificateException {
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    if (now.isAfter(until)) {
      throw new CertificateException(
          "the %s expired at %s (here it is %s; if that is wrong, set the clock)"
              .formatted(what, until, now));
    }
    if (now.isBefore(from)) {
      throw new CertificateException(
          "the %s is valid from %s only (here it is %s; is the clock of either side wrong?)"
              .formatted(what, from, now));
    }
  }

  private void checkRevocation(String node, X509Certificate certificate)
      throws CertificateException {
    try {
      if (revocation.isRevoked(certificate)) {
        throw new CertificateException("the certificate of node " + node + " is revoked");
      }
    } catch (IOException e) {
      throw new CertificateException("the list of revoked certificates: " + e.getMessage(), e);
    }
  }
}
