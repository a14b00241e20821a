package org.hotspare.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.KeyManager;
import org.hotspare.tree.Bytes;

/**
 * How a node becomes a member: an invitation made on one side, a token carried by hand, and one
 * exchange over a connection on which only the inviting side has a certificate.
 */
public final class Admission implements Doorkeeper {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  private final Certificates certificates;
  private final Invitations invitations;
  private final ConfigurationText configuration;
  private final InstantSource clock;
  private final AttemptLimit attempts = new AttemptLimit();

  /** The configuration file as it is now, which a new node brings home. */
  @FunctionalInterface
  public interface ConfigurationText {
    Bytes read() throws IOException;
  }

  /** What a node has after it joined: its certificates are stored, the configuration is not. */
  public record Admitted(Certificates certificates, Bytes configuration) {}

  public Admission(
      Certificates certificates, Invitations invitations, ConfigurationText configuration) {
    this(certificates, invitations, configuration, InstantSource.system());
  }

  Admission(
      Certificates certificates,
      Invitations invitations,
      ConfigurationText configuration,
      InstantSource clock) {
    this.certificates = certificates;
    this.invitations = invitations;
    this.configuration = configuration;
    this.clock = clock;
  }

  /**
   * Invites a node, once.
   *
   * @param data whether it will hold data: then it gets the authority's key as well
   * @param addresses where this node can be reached from there
   */
  public JoinToken invite(
      String node, boolean data, List<InetSocketAddress> addresses, Duration valid)
      throws IOException {
    if (!certificates.holdsAuthorityKey()) {
      throw new IdentityException(
          "node " + certificates.node() + " cannot invite: it does not hold the authority's key");
    }
    Instant expires = clock.instant().plus(valid);
    Bytes secret = invitations.create(node, data, expires, clock.instant());
    return new JoinToken(
        certificates.cluster(),
        node,
        addresses,
        certificates.authorityFingerprint(),
        secret,
        expires);
  }

  @Override
  public Frame.Joined admit(Frame.Join join, InetAddress from) throws IOException {
    Instant now = clock.instant();
    if (!attempts.begin(from, now)) {
      throw new IdentityException("too many wrong tokens from this address: wait a minute");
    }
    Invitations.Invitation invitation = invitations.find(join.node(), join.secret(), now);
    attempts.succeeded(from);
    byte[] request = join.request().toArray();
    // A malformed request must not cost the token.
    Authority.requestedKey(request, certificates.cluster(), join.node());
    Bytes text = configuration.read();
    if (text.length() > Bounds.CONFIGURATION_BYTES) {
      throw new IOException("a configuration of " + text.length() + " bytes is too long to send");
    }
    invitations.consume(invitation);
    byte[] certificate = certificates.sign(request, join.node());
    byte[] authorityKey = certificates.authorityKeyBytes().orElse(new byte[0]);
    return new Frame.Joined(
        Bytes.wrap(certificate),
        Bytes.wrap(certificates.authorityCertificate()),
        invitation.data() ? Bytes.wrap(authorityKey) : Bytes.EMPTY,
        text);
  }

  /**
   * Joins the cluster and stores this node's certificates in {@code directory}.
   *
   * @param version of this program
   * @throws IdentityException if the token has expired, or this node is in a cluster already
   * @throws IOException if the inviting node cannot be reached, is not the one that the token
   *     names, or refuses
   */
  public static Admitted join(JoinToken token, Path directory, String version) throws IOException {
    return join(token, directory, version, InstantSource.system());
  }

  static Admitted join(JoinToken token, Path directory, String version, InstantSource clock)
      throws IOException {
    if (clock.instant().isAfter(token.expires())) {
      throw new IdentityException(
          "the join token expired at %s (here it is %s): make a new one with `hotspare invite %s`"
              .formatted(token.expires(), clock.instant(), token.node()));
    }
    if (Files.exists(directory.resolve("authority.pem"))) {
      throw new IdentityException(
          directory + " holds the certificates of a cluster already: remove them to join another");
    }
    byte[] request = Certificates.request(directory, token.cluster(), token.node());
    LinkOptions options = LinkOptions.of(version);
    Frame.Joined joined =
        Connector.firstOf(
            "that made the token",
            token.addresses(),
            CONNECT,
            LinkOptions.HANDSHAKE,
            connection -> ask(connection, token, request, options, clock));
    Certificates.store(directory, joined, token.cluster(), token.node(), clock);
    return new Admitted(Certificates.load(directory, clock), joined.configuration());
  }

  private static Frame.Joined ask(
      Socket connection, JoinToken token, byte[] request, LinkOptions options, InstantSource clock)
      throws IOException {
    PeerTrust trust = new PeerTrust(chain -> check(chain, token, clock.instant()));
    FrameChannel channel =
        Handshake.clientChannel(
            connection, Certificates.context(new KeyManager[0], trust), options);
    Handshake.greet(channel, "the inviting node", token.cluster(), token.node(), options.version());
    // Only now, when the other side has shown that it is the right one, the secret leaves.
    channel.write(new Frame.Join(token.node(), token.secret(), Bytes.wrap(request)));
    channel.flush();
    try {
      return switch (channel.read(Bounds.HEADER_BYTES)) {
        case Frame.Joined joined -> joined;
        case Frame.Refused refused ->
            throw new RefusedException("the inviting node", refused.reason());
        case Frame other ->
            throw new ProtocolException(
                other.getClass().getSimpleName() + " in answer to a request to join");
      };
    } finally {
      channel.cut();
    }
  }

  private static void check(X509Certificate[] chain, JoinToken token, Instant now)
      throws CertificateException {
    X509Certificate authority = chain[chain.length - 1];
    if (!Certificates.fingerprint(authority).equals(token.authority())) {
      throw new CertificateException(
          "the node that answers is not of the cluster that made the token");
    }
    new PeerCheck(authority, token.cluster(), PeerCheck.Revocation.NONE, node -> true, now)
        .check(chain[0]);
  }
}
