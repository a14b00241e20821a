package org.hotspare.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import org.hotspare.testing.Await;
import org.hotspare.tree.Bytes;

/** Node alpha, which listens, and others that connect to it over loopback. */
public final class TestCluster implements AutoCloseable {
  public static final LinkOptions OPTIONS = LinkOptions.of("0.1.0");

  private final BlockingQueue<Link> accepted = new LinkedBlockingQueue<>();
  private final Listener listener;

  TestCluster(
      Certificates alpha,
      Predicate<String> nodes,
      Doorkeeper doorkeeper,
      LinkOptions options,
      Duration deadline)
      throws IOException {
    this.listener =
        Listener.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            alpha,
            nodes,
            doorkeeper,
            options,
            deadline,
            accepted::add);
  }

  public TestCluster(Certificates alpha, LinkOptions options) throws IOException {
    this(alpha, node -> true, Doorkeeper.nobody(), options, LinkOptions.HANDSHAKE);
  }

  public InetSocketAddress address() {
    return listener.address();
  }

  public Link connect(Certificates certificates, LinkOptions options) throws IOException {
    return new Connector(certificates, options).connect("alpha", List.of(address()));
  }

  /** The next link that alpha has. */
  public Link accepted() throws InterruptedException, IOException {
    Link link = accepted.poll(20, TimeUnit.SECONDS);
    if (link == null) {
      throw new IOException("no link was accepted");
    }
    return link;
  }

  boolean acceptedNone() {
    return accepted.isEmpty();
  }

  /** TLS and nothing else: what is said over it is up to the test. */
  FrameChannel raw(SSLContext context) throws IOException {
    return Handshake.clientChannel(plain(), context, OPTIONS);
  }

  Socket plain() throws IOException {
    Socket socket = new Socket(address().getAddress(), address().getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** A client that has no certificate and asks for none. */
  static SSLContext stranger() {
    return Certificates.context(new KeyManager[0], new PeerTrust(chain -> {}));
  }

  @Override
  public void close() {
    listener.close();
    accepted.forEach(Link::close);
  }

  /** The certificates of a further node, in a directory of its own. */
  public static Certificates member(Certificates inviting, Path directory, String node)
      throws IOException {
    return member(inviting, directory, node, InstantSource.system());
  }

  static Certificates member(
      Certificates inviting, Path directory, String node, InstantSource clock) throws IOException {
    byte[] request = Certificates.request(directory, inviting.cluster(), node);
    byte[] certificate = inviting.sign(request, node);
    Instant issued = Authority.share(certificate(certificate), 1, 2);
    Certificates.store(
        directory,
        new Frame.Joined(
            Bytes.wrap(certificate),
            Bytes.wrap(inviting.authorityCertificate()),
            Bytes.EMPTY,
            Bytes.EMPTY),
        inviting.cluster(),
        node,
        InstantSource.fixed(issued));
    return Certificates.load(directory, clock);
  }

  private static X509Certificate certificate(byte[] der) throws IdentityException {
    return Pem.certificate(der);
  }

  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    Await.await(what, Duration.ofSeconds(20), condition);
  }
}
