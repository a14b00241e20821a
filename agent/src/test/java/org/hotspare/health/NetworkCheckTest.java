package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hotspare.testing.Await;
import org.hotspare.testing.Command;
import org.hotspare.testing.JavaProgram;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks by TCP and ICMP, of this machine and of another one. */
class NetworkCheckTest {
  private static PeerNamespace peer;

  @BeforeAll
  static void connect() {
    peer = PeerNamespace.create();
  }

  @AfterAll
  static void disconnect() {
    peer.close();
  }

  @Test
  void aPortIsOpenClosedOrFiltered() throws Exception {
    try (ServerSocket open = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      assertThat(Looks.passes(new TcpCheck("127.0.0.1", open.getLocalPort())))
          .isEqualTo("connected to 127.0.0.1");
    }
    assertThat(Looks.fails(new TcpCheck(peer.address4(), 81)))
        .isEqualTo("connecting to " + peer.address4() + ":81: Connection refused");
    assertThat(Looks.fails(new TcpCheck(peer.address6(), 81)))
        .startsWith("connecting to [fd48:53:")
        .endsWith("]:81: Connection refused");
    peer.drop("tcp dport 81");
    try {
      assertThat(Looks.givenUpAt("connecting to ", new TcpCheck(peer.address4(), 81)))
          .startsWith("no answer within ")
          .endsWith(" ms, connecting to " + peer.address4() + ":81");
      HttpCheckTest.awaitNoChecks();
    } finally {
      peer.dropNothing();
    }
  }

  @Test
  void hostsAnswerByBothProtocols() throws Exception {
    assertThat(Looks.passes(new PingCheck(List.of("127.0.0.1")))).isEqualTo("127.0.0.1 answers");
    assertThat(Looks.passes(new PingCheck(List.of("::1")))).isEqualTo("0:0:0:0:0:0:0:1 answers");
    assertThat(Looks.passes(new PingCheck(List.of(peer.address4(), peer.address6()))))
        .contains(peer.address4())
        .endsWith(" answer");
  }

  @Test
  void aHostIsThereIfAnyOfItsAddressesAnswersAndTheOthersAreNamed() throws Exception {
    peer.drop("ip protocol icmp");
    try {
      Standing one =
          Looks.once(
              new PingCheck(List.of(peer.address4(), peer.address6())), Duration.ofSeconds(2));
      assertThat(one.health()).isEqualTo(Health.UP);
      assertThat(one.text())
          .startsWith("fd48:53:")
          .endsWith(" answers; " + peer.address4() + " does not answer");
      assertThat(Looks.givenUpAt("waiting for the echo", new PingCheck(List.of(peer.address4()))))
          .startsWith("no answer within ")
          .endsWith("waiting for the echo of " + peer.address4());
    } finally {
      peer.dropNothing();
    }
  }

  /** Of several addresses, one that does not answer leaves time for those that do. */
  @Test
  void anAddressThatDoesNotAnswerTakesItsShareOfTheTime() throws Exception {
    try (ServerSocket open = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      int port = open.getLocalPort();
      InetAddress[] addresses = {
        InetAddress.ofLiteral(peer.address4()),
        InetAddress.ofLiteral(peer.address6()),
        InetAddress.getLoopbackAddress()
      };
      peer.drop("tcp dport " + port);
      try {
        Attempt attempt = new Attempt(Duration.ofSeconds(6), System.nanoTime());
        long start = System.nanoTime();
        Connecting.to(addresses, port, attempt).close();
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isGreaterThan(Duration.ofSeconds(3));
        assertThat(attempt.conclusion().text()).endsWith("connecting to 127.0.0.1:" + port);
        // As much as is left for it, and no error of its own when that is over.
        InetAddress[] silent = {addresses[0], addresses[1]};
        Attempt late = new Attempt(Duration.ofMillis(1), System.nanoTime());
        Await.await("its time is over", () -> late.left().isZero());
        assertStillWaits(late, () -> Connecting.to(silent, port, late).close());
      } finally {
        peer.dropNothing();
      }
    }
  }

  /** As after a stall of this process: the time seems to be over, and is not until it is said. */
  @Test
  void whoIsPingedHasTimeUntilTheLookIsGivenUp() throws Exception {
    peer.drop("ip protocol icmp");
    try {
      PingCheck check = new PingCheck(List.of(peer.address4()));
      Attempt late = new Attempt(Duration.ofMillis(1), System.nanoTime());
      Await.await("its time is over", () -> late.left().isZero());
      assertStillWaits(late, () -> check.look(late));
    } finally {
      peer.dropNothing();
    }
  }

  private static void assertStillWaits(Attempt late, ThrowingRunnable look) throws Exception {
    try (ExecutorService one = Executors.newSingleThreadExecutor()) {
      Future<?> looking =
          one.submit(
              () -> {
                look.run();
                return true;
              });
      try {
        assertThatExceptionOfType(TimeoutException.class)
            .isThrownBy(() -> looking.get(300, TimeUnit.MILLISECONDS));
      } finally {
        late.giveUp();
      }
      Await.await("it is ended", looking::isDone);
    }
  }

  @FunctionalInterface
  private interface ThrowingRunnable {
    void run() throws Exception;
  }

  /** For each line that comes, pings those in its arguments and says what came out. */
  static final class Pinging {
    private Pinging() {}

    public static void main(String[] hosts) throws Exception {
      PingCheck check = new PingCheck(List.of(hosts));
      System.out.println("can " + check.hindrance().orElse("look"));
      try (BufferedReader asked =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        while (asked.readLine() != null) {
          Standing standing = Looks.once(check, Duration.ofSeconds(2));
          System.out.println(standing.health() + " " + standing.text() + standing.unable());
        }
      }
    }
  }

  @Test
  void withoutPrivilegesTheKernelsOwnSocketsServe() throws Exception {
    List<String> java = new ArrayList<>(List.of("setpriv", "--bounding-set", "-net_raw"));
    java.addAll(JavaProgram.command(Pinging.class, "127.0.0.1", "::1"));
    Process process = peer.start(java);
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
        Writer questions = process.outputWriter(StandardCharsets.UTF_8)) {
      assertThat(answers.readLine())
          .isEqualTo(
              "can echo requests need CAP_NET_RAW, or a group in net.ipv4.ping_group_range:"
                  + " socket: Operation not permitted (EPERM)");
      questions.write("\n");
      questions.flush();
      // Which says nothing about the host.
      assertThat(answers.readLine()).startsWith("UNKNOWN echo requests need CAP_NET_RAW");
      peer.within("sh", "-c", "echo 0 1000 > /proc/sys/net/ipv4/ping_group_range");
      questions.write("\n");
      questions.flush();
      assertThat(answers.readLine()).startsWith("UP ").contains("127.0.0.1").endsWith("0:1 answer");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatThisProcessCannotAskSaysNothingAboutTheHost() throws Exception {
    List<String> java = new ArrayList<>(List.of("sh", "-c", "ulimit -n 200; exec \"$@\"", "sh"));
    java.addAll(JavaProgram.command(Exhausted.class));
    assertThat(Command.succeed(java).lines())
        .allSatisfy(line -> assertThat(line).startsWith("Unable").contains("Too many open files"))
        .hasSize(3);
  }

  /** Looks while this process can open nothing more. */
  static final class Exhausted {
    private Exhausted() {}

    public static void main(String[] arguments) throws Exception {
      List<Probe> probes =
          List.of(
              new PingCheck(List.of("127.0.0.1")),
              new TcpCheck("127.0.0.1", 9),
              new ExecCheck("true"));
      for (Probe probe : probes) {
        probe.prepare();
        outcome(probe);
      }
      // Classes that are files cannot be loaded any more then.
      new Attempt(Looks.LONG, 0).failed(new SocketException("Too many open files"));
      List<Closeable> open = new ArrayList<>();
      try {
        while (true) {
          open.add(new FileInputStream("/dev/null"));
        }
      } catch (FileNotFoundException full) {
        List<Outcome> outcomes = new ArrayList<>();
        for (Probe probe : probes) {
          outcomes.add(outcome(probe));
        }
        for (Closeable one : open) {
          one.close();
        }
        outcomes.forEach(System.out::println);
      }
    }

    private static Outcome outcome(Probe probe) throws InterruptedException {
      Attempt attempt = new Attempt(Looks.LONG, System.nanoTime());
      try {
        return probe.look(attempt);
      } catch (IOException e) {
        return attempt.failed(e);
      }
    }
  }

  /** A name whose name server does not answer holds up no address that needs none. */
  @Test
  void aNameThatIsNotFoundInTimeHidesNoAddressThatAnswers(@TempDir Path directory)
      throws Exception {
    Path servers = directory.resolve("resolv.conf");
    Files.writeString(servers, "nameserver " + peer.address4() + "\noptions timeout:30\n");
    String mount = "mount --bind " + servers + " /etc/resolv.conf && exec \"$@\"";
    List<String> java = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", mount, "sh"));
    java.addAll(JavaProgram.command(Pinging.class, "slow.example", peer.address6()));
    peer.drop("udp dport 53");
    Process process =
        new ProcessBuilder(java).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
        Writer questions = process.outputWriter(StandardCharsets.UTF_8)) {
      assertThat(answers.readLine()).isEqualTo("can look");
      // The second look comes back, too, and waits for the same name.
      for (int look = 1; look <= 2; look++) {
        questions.write("\n");
        questions.flush();
        assertThat(answers.readLine())
            .startsWith("UP fd48:53:")
            .endsWith(" answers; slow.example is not found");
      }
    } finally {
      process.destroyForcibly().waitFor();
      peer.dropNothing();
    }
  }

  @Test
  void nobodyThereNoWayThereAndNoSuchName() throws Exception {
    assertThat(Looks.givenUpAt("waiting for the echo", new PingCheck(List.of(peer.nobody()))))
        .endsWith("waiting for the echo of " + peer.nobody());
    assertThat(Looks.passes(new PingCheck(List.of("127.0.0.1", peer.noWay(), "name.invalid"))))
        .isEqualTo(
            "127.0.0.1 answers; "
                + peer.noWay()
                + ": sendto: No route to host (EHOSTUNREACH); name.invalid: no such name is known");
    assertThat(Looks.fails(new PingCheck(List.of(peer.noWay())))).contains("No route to host");
    assertThat(Looks.fails(new PingCheck(List.of("name.invalid"))))
        .isEqualTo("name.invalid: no such name is known");
  }
}
