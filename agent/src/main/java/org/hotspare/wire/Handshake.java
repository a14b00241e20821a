package org.hotspare.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From a fresh connection to a link: TLS, certificates, {@code Hello} and {@code Welcome}. None of
 * this has a deadline of its own: the caller closes the socket when it takes too long.
 */
final class Handshake {
  private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

  /** The last word to a peer that is turned away waits so long for being read. */
  private static final int FAREWELL_MILLIS = 500;

  private static final String[] PROTOCOLS = {"TLSv1.3"};

  // The shorter key first: it is the faster one, and as good.
  private static final String[] CIPHERS = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
  };

  private Handshake() {}

  /**
   * The connecting side.
   *
   * @param node whom to expect there
   */
  static Link asClient(Socket plain, Certificates certificates, String node, LinkOptions options)
      throws IOException {
    FrameChannel channel = clientChannel(plain, certificates.clientContext(node), options);
    Frame.Welcome welcome =
        greet(channel, node, certificates.cluster(), certificates.node(), options.version());
    if (!welcome.node().equals(node)) {
      throw new ProtocolException("node " + welcome.node() + " answers instead of " + node);
    }
    return Link.start(channel, node, welcome.version(), welcome.protocol(), options.deadAfter());
  }

  static FrameChannel clientChannel(Socket plain, SSLContext context, LinkOptions options)
      throws IOException {
    configure(plain);
    String host = plain.getInetAddress().getHostAddress();
    SSLSocket tls =
        (SSLSocket) context.getSocketFactory().createSocket(plain, host, plain.getPort(), true);
    tls.setUseClientMode(true);
    tls.setSSLParameters(parameters());
    startHandshake(tls);
    return new FrameChannel(plain, tls, options);
  }

  /** Says hello, and returns what the other side answers. */
  static Frame.Welcome greet(
      FrameChannel channel, String expected, String cluster, String node, String version)
      throws IOException {
    try {
      channel.write(new Frame.Hello(Protocol.LOWEST, Protocol.VERSION, cluster, node, version));
      channel.flush();
      return switch (channel.read(Bounds.STRANGER_HEADER_BYTES)) {
        case Frame.Welcome welcome -> checked(welcome);
        case Frame.Refused refused -> throw new RefusedException(expected, refused.reason());
        case Frame other ->
            throw new ProtocolException(other.getClass().getSimpleName() + " in answer to a hello");
      };
    } catch (EOFException | SocketException e) {
      throw new IOException(expected + " ended the connection during the greeting", e);
    }
  }

  private static Frame.Welcome checked(Frame.Welcome welcome) throws ProtocolException {
    if (welcome.protocol() < Protocol.LOWEST || welcome.protocol() > Protocol.VERSION) {
      throw new ProtocolException("protocol " + welcome.protocol() + " chosen, never offered");
    }
    return welcome;
  }

  /**
   * The side that was connected to.
   *
   * @param nodes whom to take as a peer
   * @return empty where the other side came to join and has had its answer
   */
  static Optional<Link> asServer(
      Socket plain,
      Certificates certificates,
      Predicate<String> nodes,
      Doorkeeper doorkeeper,
      LinkOptions options)
      throws IOException {
    configure(plain);
    InputStream nothingRead = InputStream.nullInputStream();
    SSLSocket tls =
        (SSLSocket)
            certificates.serverContext().getSocketFactory().createSocket(plain, nothingRead, true);
    SSLParameters parameters = parameters();
    parameters.setWantClientAuth(true);
    tls.setUseClientMode(false);
    tls.setSSLParameters(parameters);
    startHandshake(tls);
    FrameChannel channel = new FrameChannel(plain, tls, options);
    try {
      Optional<String> peer = peer(tls, certificates, nodes);
      Frame.Hello hello = hello(channel, certificates.cluster(), peer);
      int protocol = Protocol.choose(Protocol.LOWEST, Protocol.VERSION, hello);
      channel.write(new Frame.Welcome(protocol, certificates.node(), options.version()));
      channel.flush();
      if (peer.isPresent()) {
        return Optional.of(
            Link.start(channel, peer.get(), hello.version(), protocol, options.deadAfter()));
      }
      Frame.Joined joined = admission(channel, hello, doorkeeper, plain.getInetAddress());
      channel.end(joined, FAREWELL_MILLIS);
      return Optional.empty();
    } catch (ProtocolException | IdentityException e) {
      channel.end(new Frame.Refused(String.valueOf(e.getMessage())), FAREWELL_MILLIS);
      throw e;
    }
  }

  private static Frame.Hello hello(FrameChannel channel, String cluster, Optional<String> peer)
      throws IOException {
    if (!(channel.read(Bounds.STRANGER_HEADER_BYTES) instanceof Frame.Hello hello)) {
      throw new ProtocolException("the first frame is no hello");
    }
    if (!hello.cluster().equals(cluster)) {
      throw new ProtocolException(
          "this is cluster \"%s\", not \"%s\"".formatted(cluster, hello.cluster()));
    }
    if (peer.isPresent() && !peer.get().equals(hello.node())) {
      throw new ProtocolException(
          "node \"%s\" has the certificate of \"%s\"".formatted(hello.node(), peer.get()));
    }
    return hello;
  }

  private static Frame.Joined admission(
      FrameChannel channel, Frame.Hello hello, Doorkeeper doorkeeper, InetAddress from)
      throws IOException {
    Frame frame = channel.read(Bounds.STRANGER_HEADER_BYTES);
    if (!(frame instanceof Frame.Join join)) {
      throw new ProtocolException(
          frame.getClass().getSimpleName() + " without a certificate: only Join is possible");
    }
    if (!join.node().equals(hello.node())) {
      throw new ProtocolException("two names in one request to join");
    }
    try {
      return doorkeeper.admit(join, from);
    } catch (IdentityException refused) {
      throw refused;
    } catch (IOException e) {
      LOG.error("node {} cannot be let in: {}", join.node(), e.getMessage(), e);
      throw new IdentityException("the inviting node could not do it, its log says why", e);
    }
  }

  /** Empty where the other side has shown no certificate. */
  private static Optional<String> peer(
      SSLSocket tls, Certificates certificates, Predicate<String> nodes) throws IOException {
    X509Certificate shown;
    try {
      shown = (X509Certificate) tls.getSession().getPeerCertificates()[0];
    } catch (SSLPeerUnverifiedException none) {
      return Optional.empty();
    }
    return Optional.of(certificates.checkPeer(shown, nodes));
  }

  private static void configure(Socket plain) throws IOException {
    plain.setOption(StandardSocketOptions.TCP_NODELAY, true);
    plain.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
  }

  private static SSLParameters parameters() {
    return new SSLParameters(CIPHERS, PROTOCOLS);
  }

  /** With the reason that our own check gave, instead of the name of the alert it caused. */
  private static void startHandshake(SSLSocket tls) throws IOException {
    try {
      tls.startHandshake();
    } catch (SSLException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof java.security.cert.CertificateException rejected) {
          throw new IdentityException(String.valueOf(rejected.getMessage()), e);
        }
      }
      throw e;
    }
  }
}
