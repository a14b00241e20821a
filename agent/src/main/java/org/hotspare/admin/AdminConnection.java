package org.hotspare.admin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** One command's connection: reads its request, answers, and notices when it goes away. */
final class AdminConnection {
  private static final Logger LOG = LoggerFactory.getLogger(AdminConnection.class);

  private final SocketChannel channel;
  private final Operations operations;
  private final EventLog events;

  AdminConnection(SocketChannel channel, Operations operations, EventLog events) {
    this.channel = channel;
    this.operations = operations;
    this.events = events;
  }

  void serve() throws IOException {
    Optional<String> line = new LineReader(channel, Request.MAX_BYTES).next();
    if (line.isEmpty()) {
      return;
    }
    Thread worker = Thread.currentThread();
    Thread.ofVirtual().name("admin-hangup").start(() -> interruptWhenGone(worker));
    try {
      answer(Json.read(line.get(), Request.class));
    } catch (IllegalArgumentException malformed) {
      fail(Outcome.WRONG, "This agent does not know that request; is it of another version?");
    } catch (WrongRequest wrong) {
      fail(Outcome.WRONG, String.valueOf(wrong.getMessage()));
    } catch (InterruptedException stopping) {
      fail(Outcome.NO_AGENT, "The agent is stopping.");
    } catch (UncheckedIOException gone) {
      throw gone.getCause();
    } catch (RuntimeException bug) {
      LOG.error("A command failed: {}", line.get(), bug);
      fail(Outcome.NO, "The agent failed at this: " + bug + "; its log has more.");
    }
  }

  /** Whoever asked may give up: then nothing waits or compares on behalf of nobody. */
  private void interruptWhenGone(Thread worker) {
    ByteBuffer nothing = ByteBuffer.allocate(1);
    try {
      while (channel.read(nothing) >= 0) {
        nothing.clear();
      }
    } catch (IOException gone) {
      LOG.debug("A command hung up: {}", gone.toString());
    }
    worker.interrupt();
  }

  private void answer(Request request) throws IOException, WrongRequest, InterruptedException {
    switch (request) {
      case Request.GetStatus _ -> finish("status", operations.status(), Outcome.DONE);
      case Request.Wait wait -> {
        WaitResult result = operations.waitForStandbys(Duration.ofMillis(wait.timeoutMillis()));
        finish("wait", result, result.durable() ? Outcome.DONE : Outcome.NO);
      }
      case Request.Verify verify -> {
        VerifyResult result = operations.verify(verify.mirror(), verify.repair(), listener());
        finish("verify", result, result.equal() ? Outcome.DONE : Outcome.NO);
      }
      case Request.Approve approve -> {
        Answer given = operations.approve(approve.mirror(), Duration.ofMillis(approve.forMillis()));
        finish("answer", given, given.outcome());
      }
      case Request.Reject reject -> {
        Answer given = operations.reject(reject.mirror());
        finish("answer", given, given.outcome());
      }
      case Request.ChangeRoles change -> {
        Answer given = operations.changeRoles(change.order());
        finish("answer", given, given.outcome());
      }
      case Request.Invite invite ->
          finish("invitation", operations.invite(invite.node()), Outcome.DONE);
      case Request.Events asked -> sendEvents(asked);
    }
  }

  private void sendEvents(Request.Events asked) throws IOException, InterruptedException {
    if (!asked.follow()) {
      for (Event event : events.recent(asked.recent())) {
        send(line("event", event));
      }
      finish(Outcome.DONE);
      return;
    }
    try (EventLog.Subscription subscription = events.follow(asked.recent())) {
      Optional<Event> event = subscription.next();
      while (event.isPresent()) {
        send(line("event", event.get()));
        event = subscription.next();
      }
      fail(Outcome.NO, "Events came faster than they were read; the file events.jsonl has all.");
    }
  }

  private VerifyListener listener() {
    return new VerifyListener() {
      @Override
      public void progress(Progress progress) {
        sendUnchecked(line("progress", progress));
      }

      @Override
      public void difference(Difference difference) {
        sendUnchecked(line("difference", difference));
      }
    };
  }

  private void sendUnchecked(ObjectNode line) {
    try {
      send(line);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  private static ObjectNode line(String kind, Object value) {
    ObjectNode line = Json.MAPPER.createObjectNode();
    line.putPOJO(kind, value);
    return line;
  }

  private void finish(String kind, Object value, Outcome outcome) throws IOException {
    send(line(kind, value).put("done", true).put("exit", outcome.exitStatus()));
  }

  private void finish(Outcome outcome) throws IOException {
    ObjectNode line = Json.MAPPER.createObjectNode();
    send(line.put("done", true).put("exit", outcome.exitStatus()));
  }

  private void fail(Outcome outcome, String message) throws IOException {
    ObjectNode line = Json.MAPPER.createObjectNode();
    send(line.put("error", message).put("done", true).put("exit", outcome.exitStatus()));
  }

  private void send(ObjectNode line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
