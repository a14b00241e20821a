package org.hotspare.health;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.tree.Bytes;

/**
 * A GET of a URL is answered with an expected status, and with a body in which a pattern is found.
 * Each look is a connection of its own. The body is read to its end, or up to {@value
 * HttpAnswer#MAX_BODY_BYTES} bytes of it.
 *
 * <p>Redirects are not followed: the check is of the server that the URL names, and a redirect may
 * lead to another one, which answers when this one's service is gone. The answer of a server whose
 * certificate is not good for the name in the URL is none.
 *
 * @param url {@code http} or {@code https}, with a host
 * @param expected none to expect 2xx
 * @param body a regular expression that is to be found somewhere in the body; empty to look at none
 */
public record HttpCheck(URI url, List<StatusRange> expected, String body) implements Probe {
  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;
  private static final byte[] REHEARSED =
      "HTTP/1.1 503 None\r\nContent-Length: 1\r\n\r\n-".getBytes(StandardCharsets.US_ASCII);

  /**
   * @throws IllegalArgumentException if the URL is no such, or the body's expression is none
   */
  public HttpCheck {
    expected = expected.isEmpty() ? List.of(StatusRange.SUCCESS) : List.copyOf(expected);
    String scheme = url.getScheme();
    boolean web = "http".equals(scheme) || "https".equals(scheme);
    if (!web || url.getHost() == null || url.getRawUserInfo() != null) {
      throw new IllegalArgumentException("not an http or https URL with a host alone: " + url);
    }
    Pattern.compile(body);
  }

  /** To read a hundred authorities takes most of a second, which is not the server's. */
  @Override
  public void prepare() throws IOException {
    Connecting.rehearse();
    Attempt attempt = new Attempt(Duration.ofSeconds(1), System.nanoTime());
    judge(HttpAnswer.read(new ByteArrayInputStream(REHEARSED), attempt), attempt);
    if (isSecure()) {
      SystemTrust.connections();
    }
  }

  @Override
  public Outcome look(Attempt attempt) throws IOException {
    return look(attempt, SystemTrust::connections);
  }

  Outcome look(Attempt attempt, Supplier<SSLSocketFactory> encrypting) throws IOException {
    try (Socket plain = Connecting.to(host(), port(), attempt)) {
      if (!isSecure()) {
        return judge(exchange(plain, attempt), attempt);
      }
      attempt.at("agreeing on encryption");
      // Not closed by itself: to say goodbye it would wait for a server that does not read.
      SSLSocket secure = (SSLSocket) encrypting.get().createSocket(plain, host(), port(), false);
      SSLParameters parameters = secure.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secure.setSSLParameters(parameters);
      secure.startHandshake();
      return judge(exchange(secure, attempt), attempt);
    }
  }

  private HttpAnswer exchange(Socket socket, Attempt attempt) throws IOException {
    attempt.at("sending the request");
    socket.getOutputStream().write(request().getBytes(StandardCharsets.US_ASCII));
    attempt.at("waiting for the status");
    return HttpAnswer.read(socket.getInputStream(), attempt);
  }

  private String request() {
    URI ascii = URI.create(url.toASCIIString());
    String path = ascii.getRawPath().isEmpty() ? "/" : ascii.getRawPath();
    String query = ascii.getRawQuery() == null ? "" : "?" + ascii.getRawQuery();
    String port = ascii.getPort() < 0 ? "" : ":" + ascii.getPort();
    return String.join(
        "\r\n",
        "GET " + path + query + " HTTP/1.1",
        "Host: " + withoutZone(ascii.getHost()) + port,
        "User-Agent: hotspare",
        "Accept: */*",
        "Connection: close",
        "",
        "");
  }

  /** The zone of an address, such as {@code %eth0}, is this machine's alone. */
  private static String withoutZone(String host) {
    int zone = host.indexOf('%');
    return zone < 0 ? host : host.substring(0, zone) + "]";
  }

  private Outcome judge(HttpAnswer answer, Attempt attempt) throws IOException {
    String status = answer.status() + " " + answer.phrase();
    if (expected.stream().noneMatch(range -> range.contains(answer.status()))) {
      String to = answer.location().isEmpty() ? "" : ", to " + answer.location();
      String wanted =
          expected.stream().map(StatusRange::toString).collect(Collectors.joining(", "));
      return new Failed("status %s%s; expected %s".formatted(status.strip(), to, wanted));
    }
    if (!body.isEmpty() && !isFound(answer.body(), attempt)) {
      return new Failed("status %s, but \"%s\" is not in the body".formatted(status.strip(), body));
    }
    return new Passed("status " + status.strip());
  }

  private boolean isFound(Bytes content, Attempt attempt) throws IOException {
    attempt.at("looking for the pattern in the body");
    String text = new String(content.array(), StandardCharsets.UTF_8);
    try {
      return Pattern.compile(body).matcher(new Patience(text, attempt)).find();
    } catch (UncheckedIOException givenUp) {
      throw givenUp.getCause();
    } catch (StackOverflowError tooDeep) {
      throw new IOException("the pattern is too much for this body", tooDeep);
    }
  }

  private boolean isSecure() {
    return url.getScheme().equals("https");
  }

  private String host() {
    String host = url.getHost();
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    // As RFC 6874 writes the sign in front of a zone.
    return bare.replace("%25", "%");
  }

  private int port() {
    return url.getPort() >= 0 ? url.getPort() : isSecure() ? HTTPS_PORT : HTTP_PORT;
  }
}
