package org.hotspare.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.hotspare.testing.Background;
import org.hotspare.testing.FreePorts;
import org.hotspare.wire.Certificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of HAProxy in the manual, with a real one. */
@Timeout(300)
class HaproxyTest {
  private static final String TOKEN = "0123456789abcdef";
  private static final Path MANUAL =
      Path.of(System.getProperty("basedir", "")).resolve("../docs/api.md");

  @TempDir private Path directory;
  private final int port = FreePorts.take(1).getFirst();
  private final HttpClient client = HttpClient.newHttpClient();

  @SuppressWarnings("NullAway.Init") // set by JUnit
  HaproxyTest() {}

  /** A node's service, which answers with the node's name, and its agent. */
  private static final class Server implements AutoCloseable {
    final FakeNode node;
    final HttpServer service;
    final HttpApi api;
    private final EventLog events;

    Server(String name, Path state, Certificates certificates, AccessToken token)
        throws IOException {
      node = new FakeNode(name);
      InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      events = EventLog.open(Files.createDirectories(state), name, InstantSource.system());
      api = HttpApi.start(anyPort, certificates.clientlessContext(), token, node, events);
      service = HttpServer.create(anyPort, 0);
      service.createContext(
          "/",
          exchange -> {
            byte[] body = name.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      service.start();
    }

    /** As the manual's configuration names it. */
    String places() {
      return "127.0.0.1:%d port %d"
          .formatted(service.getAddress().getPort(), api.address().getPort());
    }

    @Override
    public void close() throws IOException {
      service.stop(0);
      api.close();
      events.close();
    }
  }

  private static String configurationOfTheManual() throws IOException {
    String manual = Files.readString(MANUAL);
    String begin = "```haproxy\n";
    int start = manual.indexOf(begin) + begin.length();
    return manual.substring(start, manual.indexOf("```", start));
  }

  private static String replaced(String text, String from, String to) {
    assertThat(text).contains(from);
    return text.replace(from, to);
  }

  private String ask(String method) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(Duration.ofSeconds(30))
            .build();
    try {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() == 200 ? answer.body() : "status " + answer.statusCode();
    } catch (IOException notYet) {
      return notYet.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException(e));
    }
  }

  private Set<String> readers() {
    return takers("GET");
  }

  private Set<String> writers() {
    return takers("POST");
  }

  /** Who answers some requests in a row. */
  private Set<String> takers(String method) {
    Set<String> takers = new TreeSet<>();
    for (int i = 0; i < 8; i++) {
      takers.add(ask(method));
    }
    return takers;
  }

  @Test
  void writesFollowThePrimaryAndReadsGoToAll() throws Exception {
    Certificates certificates = Certificates.init(directory.resolve("tls"), "test", "alpha");
    Path tokenFile = Files.writeString(directory.resolve("token"), TOKEN);
    AccessToken token = AccessToken.read(tokenFile);
    try (Server alpha = new Server("alpha", directory.resolve("a"), certificates, token);
        Server beta = new Server("beta", directory.resolve("b"), certificates, token)) {
      String text = configurationOfTheManual();
      text = replaced(text, "bind :80", "bind 127.0.0.1:" + port);
      text = replaced(text, "10.0.0.1:8080 port 7401", alpha.places());
      text = replaced(text, "10.0.0.2:8080 port 7401", beta.places());
      text =
          replaced(
              text,
              "/etc/haproxy/authority.pem",
              directory.resolve("tls/authority.pem").toString());
      Path file = Files.writeString(directory.resolve("haproxy.cfg"), text);
      alpha.node.primary = true;
      try (Background haproxy =
          new Background(
              List.of(
                  "env",
                  "HOTSPARE_TOKEN=" + TOKEN,
                  "PATH=/usr/sbin:/usr/bin:/bin",
                  "haproxy",
                  "-db",
                  "-f",
                  file.toString()))) {
        try {
          follow(alpha, beta);
        } catch (AssertionError e) {
          throw new AssertionError(e.getMessage() + "\nhaproxy: " + haproxy.output(), e);
        }
      }
    }
  }

  private void follow(Server alpha, Server beta) throws Exception {
    // Until its first look at a server it takes that for one that is up.
    await("alpha takes the writes", () -> writers().equals(Set.of("alpha")));
    await("both take reads", () -> readers().equals(Set.of("alpha", "beta")));
    assertThat(ask("PUT")).isEqualTo("alpha");

    alpha.node.primary = false;
    await("nobody takes writes", () -> ask("POST").equals("status 503"));
    await("both still take reads", () -> readers().equals(Set.of("alpha", "beta")));
    beta.node.primary = true;
    await("beta takes the writes", () -> ask("POST").equals("beta"));
    assertThat(writers()).containsExactly("beta");

    alpha.node.lag = Duration.ofSeconds(6);
    await("alpha is too far behind for reads", () -> readers().equals(Set.of("beta")));
    alpha.node.lag = Duration.ofSeconds(1);
    await("alpha takes reads again", () -> readers().equals(Set.of("alpha", "beta")));
  }
}
