package org.hotspare.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.hotspare.config.Api;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers load balancers and monitoring over HTTP: on loopback as it is, anywhere else by TLS and
 * to who shows a token. Each connection carries one request. {@link HttpBounds} says what a client
 * may take.
 *
 * <p>The threads are the platform's: virtual ones share a few carriers, which reading files and the
 * index keep, and whether this node is primary has to be said at once.
 */
public final class HttpApi implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);
  private static final Set<String> METHODS = Set.of("GET", "HEAD", "OPTIONS");
  private static final String ALLOWED = "GET, HEAD, OPTIONS";
  private static final String ENDPOINTS =
      "/primary, /standby, /replica, /health, /status, /events, /metrics";

  /** Says nothing to a follower for so long at most. */
  private static final Duration SILENCE = Duration.ofSeconds(15);

  private static final Duration THREADS_KEPT = Duration.ofSeconds(30);

  static {
    HttpBounds.apply();
  }

  private final HttpServer server;
  private final @Nullable AccessToken token;
  private final Availability availability;
  private final EventLog events;
  private final Metrics metrics;
  private final Semaphore looks = new Semaphore(HttpBounds.LOOKS);
  private final Semaphore followers = new Semaphore(HttpBounds.FOLLOWERS);
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          0,
          HttpBounds.CONNECTIONS,
          THREADS_KEPT.toSeconds(),
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("api-", 0).factory());
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("api-timer").factory());

  private HttpApi(
      HttpServer server, @Nullable AccessToken token, Availability availability, EventLog events) {
    this.server = server;
    this.token = token;
    this.availability = availability;
    this.events = events;
    this.metrics = new Metrics();
    timer.setRemoveOnCancelPolicy(true);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
  }

  /**
   * Listens, once it returns.
   *
   * @param tls asked for what shows this node's certificate, where it listens elsewhere than on
   *     loopback
   * @throws IOException if it cannot listen there, or nobody could be kept out: the message says
   *     why
   */
  public static HttpApi start(
      Api api, Supplier<SSLContext> tls, Availability availability, EventLog events)
      throws IOException {
    InetSocketAddress address = new InetSocketAddress(api.listen().host(), api.listen().port());
    boolean open = api.listen().isLoopback();
    if (address.isUnresolved() || (open && !address.getAddress().isLoopbackAddress())) {
      throw new IOException(
          "the api cannot listen on %s: that is no address of %s"
              .formatted(api.listen(), open ? "loopback here" : "this machine"));
    }
    if (!open && api.tokenFile() == null) {
      throw new IOException(
          "the api does not listen on %s without a token-file".formatted(api.listen()));
    }
    @Nullable AccessToken token =
        api.tokenFile() == null ? null : AccessToken.read(api.tokenFile());
    return start(address, open ? null : tls.get(), token, availability, events);
  }

  /**
   * @param tls null for none
   * @param token null where none is asked for
   */
  static HttpApi start(
      InetSocketAddress address,
      @Nullable SSLContext tls,
      @Nullable AccessToken token,
      Availability availability,
      EventLog events)
      throws IOException {
    HttpServer server;
    try {
      server = tls == null ? HttpServer.create(address, 0) : secured(address, tls);
    } catch (IOException e) {
      throw new IOException(
          "the api cannot listen on %s: %s".formatted(address, e.getMessage()), e);
    }
    HttpApi api = new HttpApi(server, token, availability, events);
    server.start();
    return api;
  }

  private static HttpServer secured(InetSocketAddress address, SSLContext tls) throws IOException {
    HttpsServer server = HttpsServer.create(address, 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters own = getSSLContext().getDefaultSSLParameters();
            own.setProtocols(new String[] {"TLSv1.3"});
            parameters.setSSLParameters(own);
          }
        });
    return server;
  }

  /** Where it listens, with the port that was chosen if 0 was asked for. */
  InetSocketAddress address() {
    return server.getAddress();
  }

  /** How many clients it is busy with. */
  int answering() {
    return threads.getActiveCount();
  }

  // ---- a request

  /**
   * What cannot be written is left to the server as an exception, which only then counts the
   * connection as gone.
   */
  private void handle(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Connection", "close");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    boolean following =
        exchange.getRequestMethod().equals("GET") && path(exchange).equals("/events");
    try {
      if (following && refusal(exchange).isEmpty()) {
        follow(exchange);
      } else {
        send(exchange, answer(exchange));
      }
    } catch (IOException gone) {
      LOG.debug("a client of the api went away: {}", gone.toString());
      throw gone;
    } catch (RuntimeException bug) {
      if (!threads.isShutdown()) {
        LOG.error("the api failed at {}", path(exchange), bug);
      }
      throw bug;
    } finally {
      // TLS says farewell, and the rest of a request is read.
      try (AnswerLimit _ = limit()) {
        exchange.close();
      }
    }
  }

  private AnswerLimit limit() {
    return new AnswerLimit(timer, HttpBounds.ANSWER);
  }

  private static String path(HttpExchange exchange) {
    return String.valueOf(exchange.getRequestURI().getPath());
  }

  private HttpAnswer answer(HttpExchange exchange) {
    try {
      Optional<HttpAnswer> refusal = refusal(exchange);
      return refusal.isPresent() ? refusal.get() : answerTo(exchange);
    } catch (RuntimeException bug) {
      LOG.error("the api failed at {}", path(exchange), bug);
      return HttpAnswer.line(HttpAnswer.FAILED, "the agent failed at this; its log has more");
    }
  }

  private Optional<HttpAnswer> refusal(HttpExchange exchange) {
    if (!METHODS.contains(exchange.getRequestMethod())) {
      exchange.getResponseHeaders().set("Allow", ALLOWED);
      return Optional.of(
          HttpAnswer.line(HttpAnswer.WRONG_METHOD, "only " + ALLOWED + " are answered"));
    }
    AccessToken asked = token;
    if (asked != null && !asked.isShownBy(exchange.getRequestHeaders().getFirst("Authorization"))) {
      exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
      return Optional.of(
          HttpAnswer.line(
              HttpAnswer.UNAUTHORIZED,
              "the header Authorization: Bearer TOKEN is missing or wrong"));
    }
    return Optional.empty();
  }

  private HttpAnswer answerTo(HttpExchange exchange) {
    String query = exchange.getRequestURI().getRawQuery();
    return switch (path(exchange)) {
      case "/primary" -> HttpAnswer.of(availability.primary());
      case "/standby" -> withLag(query, availability::standby);
      case "/replica" -> withLag(query, this::replica);
      case "/health" -> HttpAnswer.of(availability.health());
      case "/status" -> look(this::status);
      case "/metrics" -> look(this::metrics);
      case "/events" -> HttpAnswer.line(HttpAnswer.OK, "GET follows the events");
      default -> HttpAnswer.line(HttpAnswer.NOT_FOUND, "there is nothing; there are " + ENDPOINTS);
    };
  }

  /** An answer that depends on how far behind a standby may be. */
  @FunctionalInterface
  private interface ByLag {
    Availability.Verdict answer(@Nullable Duration maxLag);
  }

  private static HttpAnswer withLag(@Nullable String query, ByLag question) {
    try {
      return HttpAnswer.of(question.answer(MaxLag.in(query)));
    } catch (IllegalArgumentException malformed) {
      return HttpAnswer.line(HttpAnswer.BAD_REQUEST, String.valueOf(malformed.getMessage()));
    }
  }

  private Availability.Verdict replica(@Nullable Duration maxLag) {
    Availability.Verdict primary = availability.primary();
    return primary.yes() ? primary : availability.standby(maxLag);
  }

  /** Where too many wait for a disk already, one more would not help. */
  private HttpAnswer look(Supplier<HttpAnswer> looking) {
    if (!looks.tryAcquire()) {
      return HttpAnswer.line(
          HttpAnswer.UNAVAILABLE,
          "%d such requests are being answered".formatted(HttpBounds.LOOKS));
    }
    try {
      return looking.get();
    } finally {
      looks.release();
    }
  }

  private HttpAnswer status() {
    String json = Json.write(availability.status()) + "\n";
    return new HttpAnswer(HttpAnswer.OK, "application/json", json);
  }

  private HttpAnswer metrics() {
    return new HttpAnswer(HttpAnswer.OK, Metrics.TYPE, metrics.of(availability.status()));
  }

  private void send(HttpExchange exchange, HttpAnswer answer) throws IOException {
    byte[] body = answer.text().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    try (AnswerLimit _ = limit()) {
      if (exchange.getRequestMethod().equals("HEAD")) {
        exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
        exchange.sendResponseHeaders(answer.code(), -1);
        return;
      }
      exchange.sendResponseHeaders(answer.code(), body.length);
      exchange.getResponseBody().write(body);
      // What fails at closing the server would not hear of.
      exchange.getResponseBody().flush();
    }
  }

  // ---- events

  private void follow(HttpExchange exchange) throws IOException {
    if (!followers.tryAcquire()) {
      send(
          exchange,
          HttpAnswer.line(
              HttpAnswer.UNAVAILABLE,
              "%d clients follow the events already".formatted(HttpBounds.FOLLOWERS)));
      return;
    }
    try {
      followFrom(exchange, exchange.getRequestHeaders().getFirst("Last-Event-ID"));
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } finally {
      followers.release();
    }
  }

  /**
   * @param last the event that the client has already; null if it has none
   */
  private void followFrom(HttpExchange exchange, @Nullable String last)
      throws IOException, InterruptedException {
    Optional<EventLog.Subscription> resumed = resumed(last);
    try (EventLog.Subscription subscription =
        resumed.isPresent() ? resumed.get() : events.follow(0)) {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
      try (AnswerLimit _ = limit()) {
        exchange.sendResponseHeaders(HttpAnswer.OK, 0);
      }
      OutputStream out = exchange.getResponseBody();
      say(out, ": the events of this node\n\n");
      if (last != null && resumed.isEmpty()) {
        say(out, missed("the last event that was read is not known here, or not any more"));
      }
      follow(subscription, out);
    }
  }

  private Optional<EventLog.Subscription> resumed(@Nullable String last) {
    if (last == null) {
      return Optional.empty();
    }
    try {
      return events.followAfter(Instant.parse(last));
    } catch (DateTimeParseException noneOfOurs) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.warn("the events of the past cannot be read: {}", e.toString());
      return Optional.empty();
    }
  }

  private static String missed(String why) {
    return "event: missed\ndata: " + why + "\n\n";
  }

  private void follow(EventLog.Subscription subscription, OutputStream out)
      throws IOException, InterruptedException {
    while (true) {
      if (!subscription.awaits(SILENCE)) {
        // A client that is gone is found out by writing only.
        say(out, ":\n\n");
        continue;
      }
      Optional<Event> event = subscription.next();
      if (event.isEmpty()) {
        say(out, missed("events came faster than they were read"));
        return;
      }
      say(out, "id: %s\ndata: %s\n\n".formatted(event.get().time(), Json.write(event.get())));
    }
  }

  private void say(OutputStream out, String text) throws IOException {
    try (AnswerLimit _ = limit()) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  /** Stops listening and ends what is being answered. */
  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
    timer.shutdownNow();
    metrics.close();
  }
}
