package org.hotspare.admin;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Asks a running agent through its local socket; a connection for each question.
 *
 * <p>All methods throw {@link CommandFailure}: with {@link Outcome#NO_AGENT} if nobody answers,
 * with another outcome if the agent answers with an error.
 */
public final class AdminClient {
  private static final int MAX_LINE_BYTES = 16 << 20;

  /** A stopped agent accepts connections and says nothing: no command waits for it for ever. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration LONGEST_CHANGE = Duration.ofMinutes(3);

  private static final Duration ENDLESS = Duration.ofDays(3650);

  private final Path socket;

  /**
   * @param state the agent's state directory
   */
  public AdminClient(Path state) {
    this.socket = AdminSocket.in(state);
  }

  public Status status() throws CommandFailure {
    return ask(new Request.GetStatus(), PATIENCE, "status", Status.class, _ -> {});
  }

  public WaitResult waitForStandbys(Duration timeout) throws CommandFailure {
    return ask(
        new Request.Wait(timeout.toMillis()),
        timeout.plus(PATIENCE),
        "wait",
        WaitResult.class,
        _ -> {});
  }

  /**
   * @param mirror null for all
   */
  public VerifyResult verify(@Nullable String mirror, boolean repair, VerifyListener listener)
      throws CommandFailure {
    return ask(
        new Request.Verify(mirror, repair),
        ENDLESS,
        "verify",
        VerifyResult.class,
        line -> {
          part(line, "progress", Progress.class).ifPresent(listener::progress);
          part(line, "difference", Difference.class).ifPresent(listener::difference);
        });
  }

  /**
   * @param mirror null for all that is held
   * @param validFor zero for only what is held
   */
  public Answer approve(@Nullable String mirror, Duration validFor) throws CommandFailure {
    Request request = new Request.Approve(mirror, validFor.toMillis());
    return ask(request, PATIENCE.multipliedBy(6), "answer", Answer.class, _ -> {});
  }

  /**
   * @param mirror null for all that is held
   */
  public Answer reject(@Nullable String mirror) throws CommandFailure {
    Request request = new Request.Reject(mirror);
    return ask(request, PATIENCE.multipliedBy(6), "answer", Answer.class, _ -> {});
  }

  /** Returns when the roles have changed, or it is clear that they do not. */
  public Answer changeRoles(RoleOrder order) throws CommandFailure {
    return ask(new Request.ChangeRoles(order), LONGEST_CHANGE, "answer", Answer.class, _ -> {});
  }

  public Invitation invite(String node) throws CommandFailure {
    return ask(new Request.Invite(node), PATIENCE, "invitation", Invitation.class, _ -> {});
  }

  /**
   * Hands over the last {@code recent} events, and with {@code follow} all that come, until the
   * agent ends.
   */
  public void events(int recent, boolean follow, Consumer<Event> consumer) throws CommandFailure {
    exchange(
        new Request.Events(recent, follow),
        follow ? ENDLESS : PATIENCE,
        line -> part(line, "event", Event.class).ifPresent(consumer));
  }

  private <T> T ask(
      Request request, Duration patience, String kind, Class<T> type, Consumer<JsonNode> parts)
      throws CommandFailure {
    JsonNode last = exchange(request, patience, parts);
    return part(last, kind, type)
        .orElseThrow(
            () -> new CommandFailure(Outcome.NO, "The agent's answer has no " + kind + "."));
  }

  private static <T> Optional<T> part(JsonNode line, String kind, Class<T> type) {
    JsonNode value = line.get(kind);
    return value == null ? Optional.empty() : Optional.of(Json.MAPPER.treeToValue(value, type));
  }

  /** Sends the request, hands on what comes before the last line, and returns that one. */
  private JsonNode exchange(Request request, Duration patience, Consumer<JsonNode> parts)
      throws CommandFailure {
    try (SocketChannel channel = connect()) {
      Thread limit = Thread.ofVirtual().start(() -> closeAfter(patience, channel));
      try {
        send(channel, request);
        return receive(channel, parts);
      } catch (AsynchronousCloseException late) {
        throw new CommandFailure(
            Outcome.NO_AGENT,
            "The agent at " + socket + " did not answer within " + patience.toSeconds() + " s.");
      } catch (JacksonException malformed) {
        throw new CommandFailure(
            Outcome.NO, "The agent's answer is not understood; is it of another version?");
      } finally {
        limit.interrupt();
      }
    } catch (IOException gone) {
      throw new CommandFailure(
          Outcome.NO_AGENT, "The agent at " + socket + " ended while it answered.");
    }
  }

  private static void closeAfter(Duration patience, SocketChannel channel) {
    try {
      Thread.sleep(patience);
      channel.close();
    } catch (InterruptedException answered) {
      Thread.currentThread().interrupt();
    } catch (IOException unclosed) {
      // A channel that fails to close was gone already, and its reader has been told so.
      Thread.currentThread().interrupt();
    }
  }

  private SocketChannel connect() throws CommandFailure {
    try {
      return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    } catch (ConnectException nobody) {
      throw noAgent("nobody listens there");
    } catch (SocketException refused) {
      // The kernel's two other reasons, which Java hands on as text only.
      throw noAgent(
          Files.exists(socket.getParent()) && !Files.isReadable(socket.getParent())
              ? "this user may not; ask as root"
              : "there is none");
    } catch (IOException failure) {
      throw noAgent(failure.toString());
    }
  }

  private CommandFailure noAgent(String why) {
    return new CommandFailure(
        Outcome.NO_AGENT,
        "No agent answers at "
            + socket
            + ": "
            + why
            + ". Start one with: hotspare run --config FILE");
  }

  private static void send(SocketChannel channel, Request request) throws IOException {
    String line = Json.MAPPER.writerFor(Request.class).writeValueAsString(request) + "\n";
    ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static JsonNode receive(SocketChannel channel, Consumer<JsonNode> parts)
      throws IOException, CommandFailure {
    LineReader lines = new LineReader(channel, MAX_LINE_BYTES);
    while (true) {
      JsonNode line =
          Json.MAPPER.readTree(
              lines.next().orElseThrow(() -> new IOException("the answer has no last line")));
      JsonNode error = line.get("error");
      if (error != null) {
        throw new CommandFailure(Outcome.of(line.path("exit").asInt(1)), error.asString());
      }
      if (line.path("done").asBoolean(false)) {
        return line;
      }
      parts.accept(line);
    }
  }
}
