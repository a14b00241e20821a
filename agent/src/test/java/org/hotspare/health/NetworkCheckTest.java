package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Checks by TCP and ICMP, of this machine and of another one. */
class NetworkCheckTest {
  private static final Duration SHORT = Duration.ofMillis(300);
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
      assertThat(Looks.failsWithin(SHORT, new TcpCheck(peer.address4(), 81)))
          .isEqualTo("no answer within 300 ms, connecting to " + peer.address4() + ":81");
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
      assertThat(Looks.failsWithin(SHORT, new PingCheck(List.of(peer.address4()))))
          .contains(peer.address4());
    } finally {
      peer.dropNothing();
    }
  }

  /** Pings itself for each line that comes, and says what came out. */
  static final class Pinging {
    private Pinging() {}

    public static void main(String[] arguments) throws IOException {
      PingCheck check = new PingCheck(List.of("127.0.0.1", "::1"));
      try (BufferedReader asked =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        while (asked.readLine() != null) {
          System.out.println(check.look(new Attempt(Looks.LONG, System.nanoTime())).text());
        }
      }
    }
  }

  @Test
  void withoutPrivilegesTheKernelsOwnSocketsServe() throws Exception {
    List<String> java = new ArrayList<>(List.of("setpriv", "--bounding-set", "-net_raw"));
    java.addAll(JavaProgram.command(Pinging.class));
    Process process = peer.start(java);
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
        Writer questions = process.outputWriter(StandardCharsets.UTF_8)) {
      questions.write("\n");
      questions.flush();
      assertThat(answers.readLine())
          .isEqualTo(
              "127.0.0.1: socket: Operation not permitted (EPERM);"
                  + " 0:0:0:0:0:0:0:1: socket: Operation not permitted (EPERM)");
      peer.within("sh", "-c", "echo 0 1000 > /proc/sys/net/ipv4/ping_group_range");
      questions.write("\n");
      questions.flush();
      assertThat(answers.readLine()).contains("127.0.0.1").endsWith("0:1 answer");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void nobodyThereNoWayThereAndNoSuchName() throws Exception {
    assertThat(Looks.failsWithin(SHORT, new PingCheck(List.of(peer.nobody()))))
        .contains(peer.nobody());
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
