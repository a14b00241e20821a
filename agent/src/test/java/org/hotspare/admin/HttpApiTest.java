package org.hotspare.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.hotspare.config.Address;
import org.hotspare.config.Api;
import org.hotspare.testing.Await;
import org.hotspare.wire.Certificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(180)
class HttpApiTest {
  private static final String TOKEN = "0123456789abcdef";

  @TempDir private Path directory;
  private final FakeNode node = new FakeNode("alpha");
  private EventLog events;
  private @Nullable HttpApi api;

  @SuppressWarnings("NullAway.Init") // set by JUnit and before each test
  HttpApiTest() {}

  @BeforeEach
  void open() throws IOException {
    events = EventLog.open(directory, "alpha", InstantSource.system());
  }

  @AfterEach
  void stop() throws IOException {
    if (api != null) {
      api.close();
    }
    events.close();
  }

  private HttpApi start(@Nullable SSLContext tls, @Nullable AccessToken token) throws IOException {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpApi started = HttpApi.start(anyPort, tls, token, node, events);
    api = started;
    return started;
  }

  private HttpApi start() throws IOException {
    return start(null, null);
  }

  /** An answer as it came. */
  private record Answer(int code, String head, String body) {}

  private static Socket connect(HttpApi to) throws IOException {
    return new Socket(to.address().getAddress(), to.address().getPort());
  }

  private static Answer ask(HttpApi at, String method, String target, String... headers)
      throws IOException {
    try (Socket socket = connect(at)) {
      return ask(socket, method, target, headers);
    }
  }

  private static Answer ask(Socket socket, String method, String target, String... headers)
      throws IOException {
    StringBuilder request =
        new StringBuilder("%s %s HTTP/1.1\r\nHost: a\r\n".formatted(method, target));
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    write(socket, request + "\r\n");
    return answer(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private static Answer answer(String all) {
    int end = all.indexOf("\r\n\r\n");
    assertThat(all).startsWith("HTTP/1.1 ");
    return new Answer(
        Integer.parseInt(all.substring(9, 12)), all.substring(0, end), all.substring(end + 4));
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  private static int code(HttpApi at, String target) throws IOException {
    return ask(at, "GET", target).code();
  }

  // ---- roles

  @Test
  void eachRoleHasItsEndpoint() throws Exception {
    HttpApi at = start();
    node.primary = true;
    assertThat(ask(at, "GET", "/primary").body()).isEqualTo("alpha is primary\n");
    assertThat(code(at, "/primary")).isEqualTo(200);
    assertThat(code(at, "/standby")).isEqualTo(503);
    assertThat(code(at, "/replica?max-lag=1ms")).isEqualTo(200);
    node.primary = false;
    Answer not = ask(at, "GET", "/primary");
    assertThat(not.code()).isEqualTo(503);
    assertThat(not.body()).isEqualTo("alpha is not primary\n");
    assertThat(code(at, "/standby")).isEqualTo(200);
    assertThat(code(at, "/replica")).isEqualTo(200);
    node.connected = false;
    assertThat(code(at, "/standby")).isEqualTo(503);
    assertThat(code(at, "/replica")).isEqualTo(503);
    assertThat(code(at, "/health")).isEqualTo(200);
    node.up = false;
    assertThat(code(at, "/health")).isEqualTo(503);
  }

  @Test
  void aStandbyMayBeSoFarBehind() throws Exception {
    HttpApi at = start();
    node.lag = Duration.ofSeconds(5);
    assertThat(code(at, "/standby?max-lag=5s")).isEqualTo(200);
    assertThat(code(at, "/standby?max-lag=4999ms")).isEqualTo(503);
    assertThat(code(at, "/replica?max-lag=4s")).isEqualTo(503);
    assertThat(code(at, "/replica?max-lag=1m")).isEqualTo(200);
    assertThat(code(at, "/replica?")).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "max-lag",
        "max-lag=",
        "max-lag=5",
        "max-lag=-5s",
        "maxlag=5s",
        "max-lag=5s&max-lag=6s",
        "max-lag=%35s%zz",
        "max-lag=soon"
      })
  void aLagThatIsNoneIsRefused(String query) throws Exception {
    HttpApi at = start();
    for (String endpoint : List.of("/standby?", "/replica?")) {
      // What the URI itself cannot have, the server refuses.
      assertThat(code(at, endpoint + query)).as(query).isEqualTo(400);
    }
  }

  @Test
  void healthCheckersAskInTheirOwnWays() throws Exception {
    HttpApi at = start();
    node.primary = true;
    assertThat(ask(at, "OPTIONS", "/primary").code()).isEqualTo(200);
    Answer head = ask(at, "HEAD", "/primary");
    assertThat(head.code()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.head()).containsIgnoringCase("content-length: 17");
    try (Socket old = connect(at)) {
      write(old, "OPTIONS /primary HTTP/1.0\r\n\r\n");
      String all = new String(old.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer(all).code()).isEqualTo(200);
    }
    for (String method : List.of("POST", "PUT", "DELETE", "TRACE", "get", "FLY")) {
      Answer wrong = ask(at, method, "/primary", "Content-Length: 0");
      assertThat(wrong.code()).as(method).isEqualTo(405);
      assertThat(wrong.head()).containsIgnoringCase("allow: GET, HEAD, OPTIONS");
    }
    for (String nowhere : List.of("/", "/primary/", "/primaryx", "/PRIMARY", "//primary")) {
      assertThat(code(at, nowhere)).as(nowhere).isEqualTo(404);
    }
  }

  // ---- what is shown

  @Test
  void statusIsThatOfTheCommand() throws Exception {
    Answer status = ask(start(), "GET", "/status");
    assertThat(status.code()).isEqualTo(200);
    assertThat(status.head()).containsIgnoringCase("content-type: application/json");
    JsonNode json = Json.MAPPER.readTree(status.body());
    assertThat(json).isEqualTo(Json.MAPPER.readTree(Json.write(FixedOperations.exampleStatus())));
  }

  @Test
  void metricsAreThoseOfTheManual() throws Exception {
    HttpApi at = start();
    for (int i = 0; i < 2; i++) {
      Answer metrics = ask(at, "GET", "/metrics");
      assertThat(metrics.code()).isEqualTo(200);
      assertThat(metrics.head()).contains("version=0.0.4");
      assertThat(metrics.body().lines())
          .contains(
              "hotspare_version{version=\"0.1.0\"} 1.0",
              "hotspare_role{role=\"primary\"} 1.0",
              "hotspare_role{role=\"standby\"} 0.0",
              "hotspare_epoch 7.0",
              "hotspare_primary_connected 1.0",
              "hotspare_mirror_state{mirror=\"www\",state=\"catching-up\"} 1.0",
              "hotspare_mirror_state{mirror=\"www\",state=\"held\"} 0.0",
              "hotspare_mirror_entries{mirror=\"www\"} 57049.0",
              "hotspare_mirror_bytes{mirror=\"www\"} 6.06E8",
              "hotspare_mirror_problems{mirror=\"www\"} 1.0",
              "hotspare_mirror_held{mirror=\"www\"} 0.0",
              "hotspare_standby_connected{mirror=\"www\",standby=\"beta\"} 1.0",
              "hotspare_standby_lag_seconds{mirror=\"www\",standby=\"beta\"} 0.4",
              "hotspare_standby_lag_changes{mirror=\"www\",standby=\"beta\"} 3.0");
      assertThat(metrics.body()).contains("jvm_memory_used_bytes", "jvm_threads_live_threads");
    }
    String manual =
        Files.readString(Path.of(System.getProperty("basedir", "")).resolve("../docs/api.md"));
    ask(at, "GET", "/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("hotspare_"))
        .map(line -> line.split("[{ ]", 2)[0])
        .forEach(name -> assertThat(manual).contains("`" + name + "`"));
  }

  @Test
  void primaryIsAnsweredWhileADiskHangs() throws Exception {
    HttpApi at = start();
    CountDownLatch disk = new CountDownLatch(1);
    CountDownLatch hanging = new CountDownLatch(HttpBounds.LOOKS);
    node.looking =
        () -> {
          hanging.countDown();
          awaitQuietly(disk);
        };
    List<Socket> waiting = new ArrayList<>();
    try {
      for (int i = 0; i < HttpBounds.LOOKS; i++) {
        Socket socket = connect(at);
        waiting.add(socket);
        write(socket, "GET /status HTTP/1.1\r\n\r\n");
      }
      hanging.await();
      assertThat(code(at, "/status")).isEqualTo(503);
      assertThat(code(at, "/metrics")).isEqualTo(503);
      assertThat(code(at, "/primary")).isEqualTo(503);
      node.primary = true;
      assertThat(code(at, "/primary")).isEqualTo(200);
    } finally {
      disk.countDown();
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aFailureIsToldAndEndsNothing() throws Exception {
    HttpApi at = start();
    node.looking =
        () -> {
          throw new IllegalStateException("broken on purpose by a test");
        };
    assertThat(code(at, "/status")).isEqualTo(500);
    assertThat(code(at, "/health")).isEqualTo(200);
  }

  // ---- events

  private static BufferedReader follow(Socket socket) throws IOException {
    write(socket, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    assertThat(lines.readLine()).startsWith("HTTP/1.1 200");
    until(lines, ": the events");
    return lines;
  }

  private static String until(BufferedReader lines, String start) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith(start)) {
        return line;
      }
    }
    throw new IOException("ended before " + start);
  }

  @Test
  void eventsComeAsTheyHappen() throws Exception {
    events.record(Event.Kind.AGENT, null, "before");
    HttpApi at = start();
    try (Socket socket = connect(at)) {
      BufferedReader lines = follow(socket);
      events.record(Event.Kind.ROLE, null, "is primary now");
      events.record(Event.Kind.HELD, "www", "asks\nfirst");
      Event first = Json.read(until(lines, "data: ").substring(6), Event.class);
      assertThat(first.text()).isEqualTo("is primary now");
      Event second = Json.read(until(lines, "data: ").substring(6), Event.class);
      assertThat(second.text()).isEqualTo("asks\nfirst");
      at.close();
      assertThatThrownBy(() -> until(lines, "data: ")).isInstanceOf(IOException.class);
    }
  }

  private static BufferedReader resume(Socket socket, String lastId) throws IOException {
    write(socket, "GET /events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: " + lastId + "\r\n\r\n");
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  private static String nextText(BufferedReader lines) throws IOException {
    return Json.read(until(lines, "data: ").substring(6), Event.class).text();
  }

  @Test
  void whoComesBackGetsWhatHappenedMeanwhile() throws Exception {
    HttpApi at = start();
    String last;
    try (Socket socket = connect(at)) {
      BufferedReader lines = follow(socket);
      events.record(Event.Kind.ROLE, null, "seen");
      last = until(lines, "id: ").substring(4);
      assertThat(nextText(lines)).isEqualTo("seen");
    }
    int meanwhile = 3000;
    for (int i = 0; i < meanwhile; i++) {
      events.record(Event.Kind.ROLE, null, "missed " + i);
    }
    try (Socket socket = connect(at)) {
      BufferedReader lines = resume(socket, last);
      for (int i = 0; i < meanwhile; i++) {
        assertThat(nextText(lines)).isEqualTo("missed " + i);
      }
      events.record(Event.Kind.ROLE, null, "new");
      assertThat(nextText(lines)).isEqualTo("new");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2020-01-02T03:04:05Z", "1", "nonsense"})
  void whoComesBackWithAnUnknownEventIsToldSo(String id) throws Exception {
    events.record(Event.Kind.ROLE, null, "before");
    HttpApi at = start();
    try (Socket socket = connect(at)) {
      BufferedReader lines = resume(socket, id);
      until(lines, "event: missed");
      assertThat(until(lines, "data: ")).contains("not known here");
      events.record(Event.Kind.ROLE, null, "new");
      assertThat(nextText(lines)).isEqualTo("new");
    }
  }

  @Test
  void followersLeaveRoomForHealthChecks() throws Exception {
    HttpApi at = start();
    List<Socket> following = new ArrayList<>();
    try {
      for (int i = 0; i < HttpBounds.FOLLOWERS; i++) {
        Socket socket = connect(at);
        following.add(socket);
        follow(socket);
      }
      assertThat(code(at, "/events")).isEqualTo(503);
      assertThat(code(at, "/health")).isEqualTo(200);
    } finally {
      for (Socket socket : following) {
        socket.close();
      }
    }
    // They are found gone when something is said to them.
    Await.await(
        "there is room again",
        () -> {
          events.record(Event.Kind.AGENT, null, "hello");
          try (Socket socket = connect(at)) {
            write(socket, "GET /events HTTP/1.1\r\n\r\n");
            String first =
                new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
            return first.endsWith("200");
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
  }

  // ---- who takes too much

  @Test
  void clientsThatGoAwayLeaveTheirPlaces() throws Exception {
    HttpApi at = start();
    for (int i = 0; i < 2 * HttpBounds.CONNECTIONS; i++) {
      try (Socket socket = connect(at)) {
        follow(socket);
      }
      events.record(Event.Kind.AGENT, null, "to one that is gone");
      assertEventuallyHealthy(at);
    }
    for (int i = 0; i < 2 * HttpBounds.CONNECTIONS; i++) {
      try (Socket socket = connect(at)) {
        socket.setSoLinger(true, 0);
        write(socket, "GET /status HTTP/1.1\r\n\r\n");
      }
      try (Socket socket = connect(at)) {
        write(socket, "GET /pri");
      }
      assertEventuallyHealthy(at);
    }
  }

  private static void assertEventuallyHealthy(HttpApi at) throws InterruptedException {
    Await.await(
        "it is answered",
        () -> {
          try (Socket socket = connect(at)) {
            write(socket, "GET /health HTTP/1.1\r\n\r\n");
            return readWhatComes(socket.getInputStream()).length > 0;
          } catch (IOException full) {
            return false;
          }
        });
  }

  @Test
  void whoSaysNothingToItsEndIsCutOff() throws Exception {
    HttpApi at = start();
    long started = System.nanoTime();
    try (Socket slow = connect(at)) {
      write(slow, "GET /primary HTTP/1.1\r\nX: ");
      assertThat(slow.getInputStream().read()).isEqualTo(-1);
    }
    long seconds = (System.nanoTime() - started) / 1_000_000_000;
    assertThat(seconds).isGreaterThanOrEqualTo(HttpBounds.REQUEST.toSeconds() - 1);
  }

  @Test
  void whoSaysThatMoreComesIsAnsweredAndLeavesItsPlace() throws Exception {
    HttpApi at = start();
    for (int i = 0; i < HttpBounds.CONNECTIONS; i++) {
      try (Socket socket = connect(at)) {
        write(socket, "GET /health HTTP/1.1\r\nContent-Length: 10\r\n\r\n");
        assertThat(rest(socket)).isEqualTo("HTTP/1.1 ");
        socket.setSoLinger(true, 0);
      }
    }
    assertEventuallyHealthy(at);
    Await.await("all have let go", () -> at.answering() == 0);
  }

  @Test
  void moreThanACoupleOfConnectionsAreClosed() throws Exception {
    HttpApi at = start();
    List<Socket> held = new ArrayList<>();
    try {
      for (int i = 0; i < HttpBounds.CONNECTIONS; i++) {
        Socket socket = connect(at);
        held.add(socket);
        write(socket, "GET ");
      }
      try (Socket more = connect(at)) {
        write(more, "GET /health HTTP/1.1\r\n\r\n");
        assertThat(firstByte(more)).isEqualTo(-1);
      }
    } finally {
      for (Socket socket : held) {
        socket.close();
      }
    }
    assertEventuallyHealthy(at);
  }

  /** Or -1 where the connection was closed or reset. */
  private static int firstByte(Socket socket) {
    try {
      return socket.getInputStream().read();
    } catch (IOException reset) {
      return -1;
    }
  }

  @Test
  void whoReadsNothingLetsGoOfItsThread() throws Exception {
    HttpApi at = start();
    // More than all buffers on the way take.
    node.status = withNext("x".repeat(32 << 20));
    try (Socket deaf = new Socket()) {
      deaf.setReceiveBufferSize(4096);
      deaf.connect(at.address());
      write(deaf, "GET /status HTTP/1.1\r\n\r\n");
      assertThat(new String(deaf.getInputStream().readNBytes(12), StandardCharsets.UTF_8))
          .endsWith("200");
      assertThat(at.answering()).isEqualTo(1);
      Await.await("its connection is cut", () -> at.answering() == 0);
      assertThat(readWhatComes(deaf.getInputStream())).hasSizeLessThan(32 << 20);
    }
    assertThat(code(at, "/health")).isEqualTo(200);
  }

  private static Status withNext(String command) {
    Status of = FixedOperations.exampleStatus();
    return new Status(
        of.node(),
        of.version(),
        of.role(),
        of.epoch(),
        of.lease(),
        of.gate(),
        of.checks(),
        of.primary(),
        of.mirrors(),
        of.differing(),
        of.needingRestart(),
        List.of(command));
  }

  @Test
  void headersAreBounded() throws Exception {
    HttpApi at = start();
    try (Socket greedy = connect(at)) {
      String line = "X: " + "y".repeat(HttpBounds.HEADER_BYTES);
      try {
        write(greedy, "GET /primary HTTP/1.1\r\n" + line + "\r\n\r\n");
      } catch (IOException closed) {
        assertThat(closed).isNotNull();
      }
      // Closed without an answer, or with one that refuses.
      int first = firstByte(greedy);
      assertThat(first == -1 || rest(greedy).startsWith("TTP/1.1 4")).isTrue();
    }
    assertThat(code(at, "/health")).isEqualTo(200);
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(9), StandardCharsets.UTF_8);
  }

  // ---- who may ask

  private Path tokenFile(String text) throws IOException {
    return Files.writeString(directory.resolve("token"), text);
  }

  @Test
  void whoHasToShowATokenIsTurnedAwayWithout() throws Exception {
    HttpApi at = start(null, AccessToken.read(tokenFile(TOKEN + "\n")));
    for (String endpoint :
        List.of("/primary", "/standby", "/replica", "/health", "/status", "/events", "/metrics")) {
      Answer without = ask(at, "GET", endpoint);
      assertThat(without.code()).as(endpoint).isEqualTo(401);
      assertThat(without.head()).containsIgnoringCase("www-authenticate: bearer");
    }
    for (String wrong : List.of("Bearer 0123456789abcdeF", "Bearer", "Basic " + TOKEN, TOKEN)) {
      assertThat(ask(at, "GET", "/health", "Authorization: " + wrong).code())
          .as(wrong)
          .isEqualTo(401);
    }
    assertThat(ask(at, "GET", "/health", "Authorization: Bearer " + TOKEN).code()).isEqualTo(200);
    assertThat(ask(at, "OPTIONS", "/health", "authorization: Bearer " + TOKEN).code())
        .isEqualTo(200);
  }

  @Test
  void elsewhereItSpeaksTlsWithTheNodesCertificate() throws Exception {
    Certificates certificates =
        Certificates.init(directory.resolve("tls"), "test", "alpha", List.of("127.0.0.1"));
    certificates.certifyHosts(_ -> List.of("127.0.0.1"));
    HttpApi at = start(certificates.clientlessContext(), AccessToken.read(tokenFile(TOKEN)));
    SSLContext trusting = trusting(directory.resolve("tls/authority.pem"));
    for (int i = 0; i < 2; i++) {
      try (SSLSocket socket =
          (SSLSocket)
              trusting.getSocketFactory().createSocket("127.0.0.1", at.address().getPort())) {
        SSLParameters comparing = socket.getSSLParameters();
        comparing.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(comparing);
        Answer answer = ask(socket, "GET", "/health", "Authorization: Bearer " + TOKEN);
        assertThat(answer.code()).isEqualTo(200);
      }
      // The next one is shown the new certificate.
      certificates.renew();
    }
    try (Socket plain = connect(at)) {
      write(plain, "GET /health HTTP/1.1\r\n\r\n");
      InputStream in = plain.getInputStream();
      assertThat(new String(readWhatComes(in), StandardCharsets.ISO_8859_1)).doesNotContain("200");
    }
    SSLContext stranger = SSLContext.getDefault();
    try (Socket socket =
        stranger
            .getSocketFactory()
            .createSocket(at.address().getAddress(), at.address().getPort())) {
      assertThatThrownBy(() -> write(socket, "GET /health HTTP/1.1\r\n\r\n"))
          .isInstanceOf(SSLException.class);
    }
  }

  private static byte[] readWhatComes(InputStream in) {
    try {
      return in.readAllBytes();
    } catch (IOException reset) {
      return new byte[0];
    }
  }

  private static SSLContext trusting(Path authority) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(authority)) {
      trusted.setCertificateEntry(
          "authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private HttpApi startAt(String listen, @Nullable Path tokenFile) throws IOException {
    HttpApi started =
        HttpApi.start(
            new Api(Address.parse(listen), tokenFile),
            () -> {
              throw new IllegalStateException("no certificate");
            },
            node,
            events);
    api = started;
    return started;
  }

  @Test
  void itDoesNotStartWhereNobodyCouldBeKeptOut() throws Exception {
    assertThatThrownBy(() -> startAt("0.0.0.0:7401", null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("without a token-file");
    assertThatThrownBy(() -> startAt("0.0.0.0:7401", directory.resolve("missing")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot be read");
    for (String unfit : List.of("", "short", "two words are no token", "ünicode-ünicode-ü")) {
      Path file = tokenFile(unfit);
      assertThatThrownBy(() -> startAt("127.0.0.1:7401", file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("openssl rand -hex 32");
    }
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> startAt("127.0.0.1:" + taken.getLocalPort(), null))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen on");
    }
  }
}
