package org.hotspare.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.hotspare.tree.Digest;

/**
 * This node's identity: its certificate and key, and the certificate of the cluster's own
 * authority; on nodes that hold data also the authority's key, so that any of them can let others
 * in. They lie in one directory:
 *
 * <pre>
 * authority.pem      authority-key.pem      the authority (the key only where data is held)
 * node.pem           node-key.pem           this node
 * node-key.next.pem                         the key of a certificate that was asked for
 * issued             revoked                see {@link Revocations}
 * </pre>
 *
 * <p>Every file is replaced as a whole and durably. A renewal makes a new key, keeps it beside the
 * old one, replaces the certificate, then the key; whoever loads the directory finishes what was
 * interrupted in between. Connections made after a renewal use the new certificate.
 */
public final class Certificates {
  private static final String PROTOCOL = "TLSv1.3";

  private final Path directory;
  private final InstantSource clock;
  private final X509Certificate authority;
  private final Optional<PrivateKey> authorityKey;
  private final Revocations revocations;
  private volatile Identity identity;
  private volatile Function<String, Collection<String>> hosts = node -> List.of();

  private record Identity(X509Certificate certificate, PrivateKey key) {}

  private Certificates(
      Path directory,
      InstantSource clock,
      X509Certificate authority,
      Optional<PrivateKey> authorityKey,
      Identity identity) {
    this.directory = directory;
    this.clock = clock;
    this.authority = authority;
    this.authorityKey = authorityKey;
    this.revocations = new Revocations(directory);
    this.identity = identity;
  }

  /** Lies where the cluster was made, or on the node that the roles were last fixed to. */
  private static final String FOUNDER = "founder";

  /** Whether this node is the one whose trees count where no primary ever was elected. */
  public boolean isFounder() {
    return Files.exists(directory.resolve(FOUNDER));
  }

  /** As {@link #isFounder} will answer from now on, also after a power loss. */
  public void setFounder(boolean founder) throws IOException {
    if (founder && !isFounder()) {
      DurableFile.write(directory.resolve(FOUNDER), new byte[0], DurableFile.PUBLIC);
    } else if (!founder && Files.deleteIfExists(directory.resolve(FOUNDER))) {
      DurableFile.syncDirectoryOf(directory.resolve(FOUNDER));
    }
  }

  /**
   * Makes a cluster's authority and the certificate of its first node.
   *
   * @throws IdentityException if there is an authority already
   */
  public static Certificates init(Path directory, String cluster, String node) throws IOException {
    return init(directory, cluster, node, List.of());
  }

  /**
   * The same.
   *
   * @param hosts see {@link #certifyHosts}
   */
  public static Certificates init(
      Path directory, String cluster, String node, Collection<String> hosts) throws IOException {
    return init(directory, cluster, node, hosts, InstantSource.system());
  }

  static Certificates init(Path directory, String cluster, String node, InstantSource clock)
      throws IOException {
    return init(directory, cluster, node, List.of(), clock);
  }

  private static Certificates init(
      Path directory, String cluster, String node, Collection<String> hosts, InstantSource clock)
      throws IOException {
    checkName("cluster", cluster);
    checkName("node", node);
    DurableFile.createDirectory(directory);
    if (Files.exists(directory.resolve("authority.pem"))) {
      throw new IdentityException(directory + " holds the certificates of a cluster already");
    }
    KeyPair authorityKey = Authority.newKey();
    X509Certificate authority = Authority.create(cluster, authorityKey, clock.instant());
    KeyPair key = Authority.newKey();
    X509Certificate certificate =
        Authority.sign(
            authority,
            authorityKey.getPrivate(),
            cluster,
            node,
            hosts,
            key.getPublic(),
            clock.instant());
    new Revocations(directory).recordIssued(certificate, node, clock.instant());
    Pem.write(directory.resolve("node-key.pem"), key.getPrivate());
    Pem.write(directory.resolve("node.pem"), certificate);
    Pem.write(directory.resolve("authority-key.pem"), authorityKey.getPrivate());
    DurableFile.write(directory.resolve(FOUNDER), new byte[0], DurableFile.PUBLIC);
    // Last, since it is the one whose presence means that the directory is complete.
    Pem.write(directory.resolve("authority.pem"), authority);
    return load(directory, clock);
  }

  /**
   * @throws IdentityException if something is missing or does not belong together
   */
  public static Certificates load(Path directory) throws IOException {
    return load(directory, InstantSource.system());
  }

  static Certificates load(Path directory, InstantSource clock) throws IOException {
    if (!Files.exists(directory.resolve("authority.pem"))) {
      throw new IdentityException(
          directory + " holds no certificates: this node is in no cluster yet");
    }
    X509Certificate authority = Pem.readCertificate(directory.resolve("authority.pem"));
    Path keyFile = directory.resolve("authority-key.pem");
    Optional<PrivateKey> authorityKey =
        Files.exists(keyFile) ? Optional.of(Pem.readKey(keyFile)) : Optional.empty();
    if (authorityKey.isPresent() && !belongs(authorityKey.get(), authority)) {
      throw new IdentityException(keyFile + " is not the key of authority.pem");
    }
    Certificates loaded =
        new Certificates(directory, clock, authority, authorityKey, readIdentity(directory));
    X509Certificate certificate = loaded.identity.certificate();
    try {
      // Whether it is still valid is for whoever connects: an expired one must load to be renewed.
      loaded.check(name -> true, Authority.share(certificate, 1, 2)).check(certificate);
    } catch (CertificateException e) {
      throw new IdentityException(directory.resolve("node.pem") + ": " + e.getMessage(), e);
    }
    return loaded;
  }

  private static Identity readIdentity(Path directory) throws IOException {
    X509Certificate certificate = Pem.readCertificate(directory.resolve("node.pem"));
    Path keyFile = directory.resolve("node-key.pem");
    Path nextFile = directory.resolve("node-key.next.pem");
    if (Files.exists(nextFile)) {
      PrivateKey next = Pem.readKey(nextFile);
      if (belongs(next, certificate)) {
        DurableFile.rename(nextFile, keyFile);
        return new Identity(certificate, next);
      }
    }
    PrivateKey key = Pem.readKey(keyFile);
    if (!belongs(key, certificate)) {
      throw new IdentityException(keyFile + " is not the key of node.pem");
    }
    return new Identity(certificate, key);
  }

  /** Reads this node's certificate and key again, for the connections to come. */
  public synchronized void reload() throws IOException {
    Identity fresh = readIdentity(directory);
    String node = node();
    checkPeer(fresh.certificate(), node::equals);
    identity = fresh;
  }

  /**
   * What certificates that are signed from now on call a node beside its name. Only clients that
   * know nothing of nodes compare it, such as those of the HTTP interface.
   *
   * @param naming the host names and IP addresses of a node
   */
  public void certifyHosts(Function<String, Collection<String>> naming) {
    hosts = naming;
  }

  Path directory() {
    return directory;
  }

  public String cluster() {
    return Authority.cluster(authority);
  }

  public String node() {
    return Authority.node(identity.certificate());
  }

  /** Until when this node's certificate is valid. */
  public Instant validUntil() {
    return identity.certificate().getNotAfter().toInstant();
  }

  /** Whether this node can sign the certificates of others, and its own. */
  public boolean holdsAuthorityKey() {
    return authorityKey.isPresent();
  }

  /** What a join token shows the authority by. */
  public Digest authorityFingerprint() {
    return fingerprint(authority);
  }

  static Digest fingerprint(X509Certificate certificate) {
    return Digest.of(Digest.newHash().digest(Pem.der(certificate)));
  }

  byte[] authorityCertificate() {
    return Pem.der(authority);
  }

  Optional<byte[]> authorityKeyBytes() {
    return authorityKey.map(PrivateKey::getEncoded);
  }

  /**
   * For one connection to a node, with the certificate of this moment. A context of its own for
   * each, since a session resumed from an earlier one would skip the check of the other side.
   */
  SSLContext clientContext(String node) {
    return context(
        keys(), new PeerTrust(chain -> check(node::equals, clock.instant()).check(chain[0])));
  }

  /**
   * For one connection from somebody. TLS only makes sure that the other side has the key of the
   * certificate it shows, if it shows one; the caller then has to {@link #checkPeer check} it. TLS
   * itself could only answer with the number of an alert, which often is lost on its way: so the
   * other side can be told what is wrong with its certificate.
   */
  SSLContext serverContext() {
    return context(keys(), new PeerTrust(chain -> {}));
  }

  /**
   * For a server of clients without certificates, such as those of the HTTP interface: it lives as
   * long as the server, and shows each of them the certificate of the moment.
   */
  public SSLContext clientlessContext() {
    NodeKey current = new NodeKey(() -> identity.certificate, authority, () -> identity.key);
    return context(new KeyManager[] {current}, new PeerTrust(chain -> {}));
  }

  /**
   * The node that a certificate is of.
   *
   * @throws IdentityException if it is none of this cluster's, or of none that {@code peers} takes
   */
  String checkPeer(X509Certificate certificate, Predicate<String> peers) throws IdentityException {
    try {
      check(peers, clock.instant()).check(certificate);
      return Authority.node(certificate);
    } catch (CertificateException e) {
      throw new IdentityException(String.valueOf(e.getMessage()), e);
    }
  }

  private KeyManager[] keys() {
    Identity mine = identity;
    return new KeyManager[] {new NodeKey(mine.certificate(), authority, mine.key())};
  }

  static SSLContext context(KeyManager[] keys, PeerTrust trust) {
    try {
      SSLContext context = SSLContext.getInstance(PROTOCOL);
      context.init(keys, new TrustManager[] {trust}, new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + PROTOCOL, e);
    }
  }

  private PeerCheck check(Predicate<String> peers, Instant now) {
    return new PeerCheck(authority, cluster(), revocations::isRevoked, peers, now);
  }

  /**
   * Asks for a new certificate for this node with a new key, which is stored until {@link #install}
   * gets the answer.
   *
   * @return a PKCS#10 request in DER
   */
  public synchronized byte[] request() throws IOException {
    return request(directory, cluster(), node());
  }

  static byte[] request(Path directory, String cluster, String node) throws IOException {
    KeyPair key = Authority.newKey();
    DurableFile.createDirectory(directory);
    Pem.write(directory.resolve("node-key.next.pem"), key.getPrivate());
    return Authority.request(cluster, node, key);
  }

  /**
   * Signs a certificate for {@code node} and for no other: the caller knows who asks.
   *
   * @param request PKCS#10 in DER
   * @return the certificate in DER
   * @throws IdentityException if the request is for another node, malformed, or this node does not
   *     hold the authority's key
   */
  public byte[] sign(byte[] request, String node) throws IOException {
    checkName("node", node);
    PrivateKey signingKey =
        authorityKey.orElseThrow(
            () -> new IdentityException("node " + node() + " does not hold the authority's key"));
    PublicKey key = Authority.requestedKey(request, cluster(), node);
    X509Certificate certificate =
        Authority.sign(
            authority, signingKey, cluster(), node, hosts.apply(node), key, clock.instant());
    revocations.recordIssued(certificate, node, clock.instant());
    return Pem.der(certificate);
  }

  /**
   * Puts the answer to the last {@link #request} in place.
   *
   * @throws IdentityException if it is no certificate of this cluster for this node and that key
   */
  public synchronized void install(byte[] certificate) throws IOException {
    install(directory, certificate, check(node()::equals, clock.instant()));
    identity = readIdentity(directory);
  }

  static void install(Path directory, byte[] der, PeerCheck check) throws IOException {
    X509Certificate certificate = Pem.certificate(der);
    try {
      check.check(certificate);
    } catch (CertificateException e) {
      throw new IdentityException("the new certificate does not fit: " + e.getMessage(), e);
    }
    Path next = directory.resolve("node-key.next.pem");
    if (!Files.exists(next) || !belongs(Pem.readKey(next), certificate)) {
      throw new IdentityException("the new certificate is not for the key that was asked for");
    }
    Pem.write(directory.resolve("node.pem"), certificate);
    DurableFile.rename(next, directory.resolve("node-key.pem"));
  }

  /**
   * What a node that joins stores: all that the answer to its request brought.
   *
   * @throws IdentityException if that does not belong together
   */
  static void store(
      Path directory, Frame.Joined joined, String cluster, String node, InstantSource clock)
      throws IOException {
    X509Certificate authority = Pem.certificate(joined.authority().toArray());
    PeerCheck check =
        new PeerCheck(authority, cluster, PeerCheck.Revocation.NONE, node::equals, clock.instant());
    install(directory, joined.certificate().toArray(), check);
    if (joined.authorityKey().length() > 0) {
      PrivateKey key = Pem.key(joined.authorityKey().toArray());
      if (!belongs(key, authority)) {
        throw new IdentityException("the authority's key that came is not its own");
      }
      Pem.write(directory.resolve("authority-key.pem"), key);
    }
    // Last, since it is the one whose presence means that the directory is complete.
    Pem.write(directory.resolve("authority.pem"), authority);
  }

  /** Whether two thirds of the life of this node's certificate are over. */
  public boolean renewalDue(Instant now) {
    return !now.isBefore(Authority.share(identity.certificate(), 2, 3));
  }

  /** Signs this node a new certificate with its own copy of the authority's key. */
  public synchronized void renew() throws IOException {
    install(sign(request(), node()));
  }

  /**
   * Takes the certificates that this node issued to {@code node} no longer.
   *
   * @return how many
   */
  public int revokeAllOf(String node) throws IOException {
    return revocations.revokeAllOf(node);
  }

  private static void checkName(String what, String name) throws IdentityException {
    if (!PlainText.isName(name)) {
      throw new IdentityException("\"" + PlainText.sentence(name) + "\" cannot name a " + what);
    }
  }

  private static boolean belongs(PrivateKey key, X509Certificate certificate)
      throws IdentityException {
    byte[] probe = {1, 2, 3, 4, 5, 6, 7, 8};
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      throw new IdentityException("a key of another kind than P-256: " + e.getMessage(), e);
    }
  }
}
