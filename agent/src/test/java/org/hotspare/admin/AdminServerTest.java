package org.hotspare.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AdminServerTest {
  @TempDir private Path state;
  private final FixedOperations operations = new FixedOperations();
  private EventLog events;
  private AdminServer server;
  private AdminClient client;

  @SuppressWarnings("NullAway.Init") // set by JUnit and before each test
  AdminServerTest() {}

  @BeforeEach
  void start() throws IOException {
    events = EventLog.open(state, "alpha", InstantSource.system());
    server = AdminServer.start(state, operations, events);
    client = new AdminClient(state);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    events.close();
  }

  @Test
  void statusComesOverAsItIs() throws Exception {
    assertThat(client.status()).isEqualTo(FixedOperations.exampleStatus());
  }

  @Test
  void statusHasTheDocumentedShape() {
    assertThat(Json.write(FixedOperations.exampleStatus()))
        .isEqualTo(
            """
            {"node":"alpha","version":"0.1.0","role":"primary","epoch":7,"lease":null,"gate":null,\
            "checks":[],"primary":{"node":"alpha","connected":true},\
            "mirrors":[{"name":"www","path":"/srv/www","state":"catching-up",\
            "position":{"epoch":7,"sequence":42},"entries":57049,"bytes":606000000,\
            "coverage":{"method":"fanotify","complete":true,"reason":""},\
            "standbys":[{"node":"beta","connected":true,"position":{"epoch":7,"sequence":42},\
            "lag":{"changes":3,"bytes":12288,"seconds":0.4}}],\
            "problems":[{"path":"a/b","reason":"permission denied"}],"problemCount":1,\
            "held":null,"progress":{"doneBytes":1,"totalBytes":2,"doneEntries":3,\
            "totalEntries":4,"bytesPerSecond":5,"secondsLeft":6}}],\
            "differing":[],"needingRestart":[],"next":["hotspare approve --mirror www"]}""");
  }

  @Test
  void onlyTheOwnerMayConnect() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(AdminSocket.in(state))))
        .isEqualTo("rw-------");
  }

  @Test
  void barrierAnswersYesOrNo() throws Exception {
    assertThat(client.waitForStandbys(Duration.ofMillis(50)).durable()).isTrue();
    assertThat(client.waitForStandbys(Duration.ofMillis(1)).missing())
        .containsExactly("beta is not connected");
  }

  @Test
  void comparisonReportsWhileItGoesOn() throws Exception {
    List<Progress> progress = new ArrayList<>();
    List<Difference> differences = new ArrayList<>();
    VerifyResult result = client.verify("www", true, collect(progress, differences));
    assertThat(progress).hasSize(1000);
    assertThat(differences)
        .containsExactly(new Difference("www", "beta", "a", "content differs", true));
    assertThat(result.equal()).isTrue();
    assertThat(client.verify(null, false, collect(progress, differences)).equal()).isFalse();
  }

  private static VerifyListener collect(List<Progress> progress, List<Difference> differences) {
    return new VerifyListener() {
      @Override
      public void progress(Progress step) {
        progress.add(step);
      }

      @Override
      public void difference(Difference difference) {
        differences.add(difference);
      }
    };
  }

  @Test
  void answersCarryTheirOutcome() throws Exception {
    assertThat(client.approve("www", Duration.ofMinutes(10)))
        .isEqualTo(Answer.done("www for PT10M"));
    assertThat(client.reject(null).outcome()).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void wrongRequestsAndFailuresAreToldApart() {
    CommandFailure wrong =
        catchThrowableOfType(
            CommandFailure.class,
            () -> client.verify("none", false, collect(List.of(), List.of())));
    assertThat(wrong).hasMessage("There is no mirror \"none\".");
    assertThat(wrong.outcome()).isEqualTo(Outcome.WRONG);
    CommandFailure failed = catchThrowableOfType(CommandFailure.class, () -> client.invite("beta"));
    assertThat(failed.outcome()).isEqualTo(Outcome.NO);
    assertThat(failed).hasMessageContaining("no invitation for beta");
  }

  @Test
  void whoeverHangsUpIsNotWaitedFor() throws Exception {
    try (SocketChannel channel = connect()) {
      write(channel, "{\"command\":\"wait\",\"timeoutMillis\":3600000}\n");
      assertThat(operations.waiting.await(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(operations.interrupted.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void garbageIsAnsweredOrCutOff() throws Exception {
    for (String garbage :
        List.of(
            "x",
            "[]",
            "{}",
            "{\"command\":\"format\"}",
            "{\"command\":\"wait\"}",
            "{\"command\":\"invite\"}",
            "{\"command\":\"events\",\"recent\":-1,\"follow\":true}")) {
      try (SocketChannel channel = connect()) {
        write(channel, garbage + "\n");
        assertThat(new LineReader(channel, 1 << 20).next())
            .as(garbage)
            .hasValueSatisfying(line -> assertThat(line).contains("\"exit\":2", "\"error\""));
      }
    }
    try (SocketChannel channel = connect()) {
      assertThatThrownBy(
              () -> {
                write(channel, "y".repeat(1 << 20));
                while (channel.read(ByteBuffer.allocate(1)) >= 0) {}
                throw new IOException("closed");
              })
          .isInstanceOf(IOException.class);
    }
    assertThat(client.status().node()).isEqualTo("alpha");
  }

  @Test
  void eventsAreFollowedWithoutAGap() throws Exception {
    events.record(Event.Kind.AGENT, null, "first");
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    Thread follower =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    client.events(10, true, event -> seen.add(event.text()));
                  } catch (CommandFailure ended) {
                    seen.add(ended.outcome().name());
                  }
                });
    assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("first");
    events.record(Event.Kind.HELD, "www", "second");
    assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("second");
    server.close();
    assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("NO_AGENT");
    follower.join();
  }

  @Test
  void lastEventsAreListed() throws Exception {
    for (int i = 0; i < 5; i++) {
      events.record(Event.Kind.PROBLEM, "www", "event " + i);
    }
    List<Event> listed = new ArrayList<>();
    client.events(2, false, listed::add);
    assertThat(listed).extracting(Event::text).containsExactly("event 3", "event 4");
    assertThat(listed.getFirst().kind()).isEqualTo(Event.Kind.PROBLEM);
    assertThat(listed.getFirst().mirror()).isEqualTo("www");
  }

  @Test
  void twoAgentsDoNotShareAStateDirectory() {
    assertThatThrownBy(() -> AdminServer.start(state, operations, events))
        .hasMessageContaining("another agent is running");
  }

  @Test
  void socketOfADeadAgentIsReplaced(@TempDir Path other) throws Exception {
    ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    dead.bind(UnixDomainSocketAddress.of(AdminSocket.in(other)));
    dead.close();
    assertNobody(other);
    try (AdminServer fresh = AdminServer.start(other, operations, events)) {
      assertThat(fresh).isNotNull();
      assertThat(new AdminClient(other).status().node()).isEqualTo("alpha");
    }
    assertNobody(other);
  }

  private static void assertNobody(Path state) {
    CommandFailure nobody =
        catchThrowableOfType(CommandFailure.class, () -> new AdminClient(state).status());
    assertThat(nobody.outcome()).isEqualTo(Outcome.NO_AGENT);
    assertThat(nobody).hasMessageContaining("Start one with: hotspare run");
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(AdminSocket.in(state)));
  }

  private static void write(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
