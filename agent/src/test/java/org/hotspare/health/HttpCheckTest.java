package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpCheckTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

  private static HttpCheck check(WebServer server) {
    return check(server, "");
  }

  private static HttpCheck check(WebServer server, String body) {
    return new HttpCheck(URI.create(server.url("/")), List.of(), body);
  }

  @Test
  void asksAsItShouldAndClosesEachConnection() throws Exception {
    try (WebServer server =
        WebServer.start(
            with -> {
              with.hear();
              with.say(OK);
              with.hang();
            })) {
      HttpCheck check =
          new HttpCheck(URI.create(server.url("/a%20b/ü?q=1#part")), List.of(), "^go+d$");
      assertThat(Looks.passes(check)).isEqualTo("status 200 OK");
      assertThat(Looks.passes(check)).isEqualTo("status 200 OK");
      assertThat(server.requests.peek())
          .isEqualTo(
              "GET /a%20b/%C3%BC?q=1 HTTP/1.1\r\nHost: 127.0.0.1:"
                  + server.port()
                  + "\r\nUser-Agent: hotspare\r\nAccept: */*\r\nConnection: close\r\n\r\n");
      Await.await("both connections are closed", () -> server.ended.get() == 2);
      assertThat(server.connections).hasValue(2);
    }
  }

  @Test
  void theZoneOfAnAddressIsNotToldToTheServer() throws Exception {
    ServerSocket listening = new ServerSocket(0, 16, InetAddress.ofLiteral("::1"));
    WebServer.Manners good =
        with -> {
          with.hear();
          with.say(OK);
        };
    try (WebServer server = WebServer.start(listening, good)) {
      for (String host : List.of("[::1]", "[::1%25lo]", "[::1%lo]")) {
        URI url = URI.create("http://" + host + ":" + server.port() + "/");
        assertThat(Looks.passes(new HttpCheck(url, List.of(), ""))).isEqualTo("status 200 OK");
        assertThat(server.requests.remove()).contains("\r\nHost: [::1]:" + server.port() + "\r\n");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.0 200 OK\r\n\r\nas long as the connection, good",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\na g\r\n6;x=y\r\nood en\r\n0\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 4\r\n\r\ngood and more than it said",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\ngood",
        "HTTP/1.1 226 IM Used\ncontent-LENGTH:4\n\ngood",
      })
  void understandsEveryFormOfAnswer(String answer) throws Exception {
    try (WebServer server = WebServer.saying(answer)) {
      assertThat(Looks.passes(check(server, "good"))).startsWith("status 2");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          HTTP/1.1 503 Service Unavailable~~ | status 503 Service Unavailable; expected 2xx
          HTTP/1.1 301 Moved~Location: https://b/~~ | status 301 Moved, to https://b/; expected 2xx
          HTTP/1.1 200 OK~~bad | status 200 OK, but "good" is not in the body
          HTTP/1.1 204 No Content~~good | status 204 No Content, but "good" is not in the body
          HTTP/1.1 200 OK~Content-Length: 90~~good | after 4 of 90 bytes
          HTTP/1.1 200 OK~Transfer-Encoding: chunked~~9~good | ended within the body
          HTTP/1.1 200 OK~Transfer-Encoding: chunked~~good~ | a chunk without a size
          HTTP/1.1 200 OK~Content-Length: -1~~ | a length of "-1"
          HTTP/1.1 200 OK~Content | ended before the end of the head
          SSH-2.0-OpenSSH_9.2~ | waiting for the status: this is not HTTP/1
          HTTP/1.1 2000 OK~~ | this is not HTTP/1
          ~ | this is not HTTP/1
          '' | ended before the end of the status
          """)
  void aWrongAnswerIsAFailureThatSaysWhatCame(String answer, String reason) throws Exception {
    try (WebServer server = WebServer.saying(answer.replace("~", "\r\n"))) {
      assertThat(Looks.fails(check(server, "good"))).contains(reason);
    }
  }

  @Test
  void otherStatusesCanBeExpected() throws Exception {
    String moved = "HTTP/1.1 301 Moved Permanently\r\nLocation: /elsewhere\r\n\r\n";
    try (WebServer server = WebServer.saying(moved)) {
      URI url = URI.create(server.url("/"));
      List<StatusRange> expected = List.of(new StatusRange(200, 200), new StatusRange(300, 399));
      assertThat(Looks.passes(new HttpCheck(url, expected, "")))
          .isEqualTo("status 301 Moved Permanently");
      // It does not go where it is sent.
      assertThat(server.connections).hasValue(1);
    }
    try (WebServer server = WebServer.saying(OK)) {
      URI url = URI.create(server.url("/"));
      List<StatusRange> expected = List.of(new StatusRange(201, 204), new StatusRange(300, 399));
      assertThat(Looks.fails(new HttpCheck(url, expected, "")))
          .isEqualTo("status 200 OK; expected 201-204, 3xx");
    }
  }

  /** Where a server stops to answer: what a look says that waits for it, and that it ends. */
  private static void assertIsGivenUp(WebServer.Manners manners, String at) throws Exception {
    try (WebServer server = WebServer.start(manners)) {
      assertThat(Looks.givenUpAt(at, check(server))).startsWith("no answer within ");
      Await.await("the connection is closed", () -> server.ended.get() == 1);
    }
  }

  @Test
  void theTimeIsThatOfTheWholeExchange() throws Exception {
    assertIsGivenUp(WebServer.Conversation::hang, "waiting for the status");
    assertIsGivenUp(with -> with.drip("HTTP/1.1 200 OK, and so on".repeat(500), 20), "status");
    assertIsGivenUp(
        with -> {
          with.say("HTTP/1.1 200 OK\r\nX: ");
          with.drip("x".repeat(10_000), 20);
        },
        "reading the head of status 200");
    assertIsGivenUp(
        with -> {
          with.hear();
          with.say("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n");
          with.drip("x".repeat(50_000), 20);
        },
        "reading the body of status 200");
  }

  @Test
  void anAnswerWithoutEndIsReadUpToABound() throws Exception {
    WebServer.Manners endless =
        with -> {
          with.hear();
          with.say("HTTP/1.1 200 OK\r\n\r\ngood");
          while (true) {
            with.say("more of the same ".repeat(1000));
          }
        };
    try (WebServer server = WebServer.start(endless)) {
      assertThat(Looks.passes(check(server, "good"))).isEqualTo("status 200 OK");
      Await.await("the connection is closed", () -> server.ended.get() == 1);
    }
    try (WebServer server = WebServer.saying("HTTP/1.1 200 " + "x".repeat(100_000))) {
      assertThat(Looks.fails(check(server))).contains("a line of more than 8192 bytes");
    }
    try (WebServer server = WebServer.saying("HTTP/1.1 200 OK\r\n" + "a: b\r\n".repeat(500))) {
      assertThat(Looks.fails(check(server))).contains("more than 200 lines of head");
    }
  }

  @Test
  void aPatternThatTakesForeverIsGivenUp() throws Exception {
    // What goes back to a group is not remembered: each letter more takes twice as long.
    try (WebServer server = WebServer.saying("HTTP/1.1 200 OK\r\n\r\n" + "a".repeat(60) + "b")) {
      assertThat(Looks.givenUpAt("looking for the pattern", check(server, "^(a|aa)+\\1c")))
          .startsWith("no answer within ")
          .endsWith("looking for the pattern in the body");
      awaitNoChecks();
    }
    try (WebServer server = WebServer.saying("HTTP/1.1 200 OK\r\n\r\n" + "a".repeat(50_000))) {
      assertThat(Looks.fails(check(server, "(a|b|c)*d"))).contains("is too much for this body");
    }
  }

  static void awaitNoChecks() throws InterruptedException {
    Await.await(
        "no thread of a check is left",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("check-")));
  }

  @Test
  void aTextFromElsewhereIsCutAndPrintable() throws Exception {
    String evil = "HTTP/1.1 500 \u001b[2J" + "x".repeat(1000) + "\r\n\r\n";
    try (WebServer server = WebServer.saying(evil)) {
      assertThat(Looks.fails(check(server))).startsWith("status 500 \\x1b[2Jxxx").hasSize(304);
    }
  }

  @Test
  void nobodyListensOrTheNameIsUnknown() throws Exception {
    int port;
    try (WebServer server = WebServer.saying(OK)) {
      port = server.port();
    }
    URI url = URI.create("http://127.0.0.1:" + port);
    assertThat(Looks.fails(new HttpCheck(url, List.of(), "")))
        .isEqualTo("connecting to 127.0.0.1:" + port + ": Connection refused");
    HttpCheck unknown = new HttpCheck(URI.create("http://name.invalid/"), List.of(), "");
    assertThat(Looks.fails(unknown)).startsWith("finding the addresses of name.invalid: ");
  }

  @Test
  void onlyWebAddressesAreTaken() {
    for (String url : List.of("ftp://a/", "http:///x", "mailto:a@b", "http://user:secret@a/")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new HttpCheck(URI.create(url), List.of(), ""));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HttpCheck(URI.create("http://a/"), List.of(), "(open"));
  }

  /** A server for https, whose certificate is signed by itself and good for 127.0.0.1. */
  record Encrypted(ServerSocket listening, X509Certificate certificate) {
    static Encrypted open() throws Exception {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      KeyPair keys = generator.generateKeyPair();
      X500Name name = new X500Name("CN=test");
      Date from = Date.from(Instant.now().minusSeconds(3600));
      Date until = Date.from(Instant.now().plusSeconds(3600));
      X509Certificate certificate =
          new JcaX509CertificateConverter()
              .getCertificate(
                  new JcaX509v3CertificateBuilder(
                          name, BigInteger.TWO, from, until, name, keys.getPublic())
                      .addExtension(
                          Extension.subjectAlternativeName,
                          false,
                          new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")))
                      .build(
                          new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("it", keys.getPrivate(), new char[0], new X509Certificate[] {certificate});
      KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
      own.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(own.getKeyManagers(), null, null);
      InetAddress any = InetAddress.getByAddress(new byte[4]);
      return new Encrypted(
          context.getServerSocketFactory().createServerSocket(0, 16, any), certificate);
    }

    SSLSocketFactory trusted() {
      try {
        return SystemTrust.connections(SystemTrust.store(List.of(certificate)));
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void aCertificateThatIsNotTrustedIsAFailure() throws Exception {
    Encrypted encrypted = Encrypted.open();
    try (WebServer server =
        WebServer.start(
            encrypted.listening,
            with -> {
              with.hear();
              with.say(OK);
            })) {
      HttpCheck check =
          new HttpCheck(URI.create("https://127.0.0.1:" + server.port() + "/x"), List.of(), "good");
      assertThat(Looks.fails(check))
          .startsWith("agreeing on encryption: ")
          .contains("certification path");

      // Whom this machine trusts is fine, each time anew, but not under another name.
      for (int i = 0; i < 2; i++) {
        Attempt attempt = new Attempt(Looks.LONG, System.nanoTime());
        assertThat(check.look(attempt, encrypted::trusted).text()).isEqualTo("status 200 OK");
      }
      HttpCheck other =
          new HttpCheck(URI.create("https://127.0.0.2:" + server.port() + "/"), List.of(), "");
      Attempt attempt = new Attempt(Looks.LONG, System.nanoTime());
      assertThat(
              org.assertj.core.api.Assertions.catchThrowableOfType(
                  IOException.class, () -> other.look(attempt, encrypted::trusted)))
          .hasMessageContaining("127.0.0.2");
    }
  }

  @Test
  void aServerThatDripsItsHandshakeTimesOut() throws Exception {
    try (WebServer server =
        WebServer.start(with -> with.drip("\u0016\u0003\u0003 \0" + "\0".repeat(5000), 20))) {
      URI url = URI.create("https://127.0.0.1:" + server.port() + "/");
      assertThat(Looks.givenUpAt("agreeing on encryption", new HttpCheck(url, List.of(), "")))
          .startsWith("no answer within ");
      Await.await("the connection is closed", () -> server.ended.get() == 1);
    }
  }
}
