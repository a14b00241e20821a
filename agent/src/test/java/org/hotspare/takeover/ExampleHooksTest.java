package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the documentation, with programs that note what they are told. */
class ExampleHooksTest {
  private static final Path EXAMPLES =
      Path.of(System.getProperty("basedir", "")).resolve("../docs/examples/hooks").toAbsolutePath();

  @TempDir Path directory;

  private Journal journal = new Journal(Path.of(""));

  @BeforeEach
  void begin() {
    journal = Journal.in(directory);
  }

  private long epoch = 7;

  private void program(String name, String script) throws Exception {
    Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private List<String> become(String role, String example, String variable, String settings)
      throws Exception {
    Path conf = Files.writeString(directory.resolve("conf"), settings);
    Map<String, String> environment =
        Map.of("PATH", directory + ":/usr/bin:/bin", variable, conf.toString());
    Hooks hooks =
        new Hooks(
            List.of(),
            List.of(EXAMPLES.resolve(example).toString()),
            Duration.ofMinutes(1),
            "examples@" + directory,
            environment);
    return hooks.after(new RoleChange("web", "alpha", epoch++, "standby", role));
  }

  @Test
  void theFloatingIpIsAssignedAndTheTokenIsNotOnTheCommandLine() throws Exception {
    program(
        "curl",
        """
        case $* in *http://127.0.0.1:7401/primary) test ! -e %3$s; exit $?;; esac
        cat >>%1$s; echo "$@" >>%1$s; test -e %2$s || { touch %2$s; exit 22; }"""
            .formatted(
                journal.file(), directory.resolve("failed-once"), directory.resolve("demoted")));
    String settings =
        """
        API=https://api.example.com/v1
        ADDRESS_ID=1
        SERVER_ID=5
        TOKEN=secret
        AGENT=http://127.0.0.1:7401
        """;
    String hook = "floating-ip.sh";
    assertThat(become("standby", hook, "FLOATING_IP_CONF", settings)).isEmpty();
    assertThat(journal.lines()).isEmpty();
    assertThat(become("primary", hook, "FLOATING_IP_CONF", settings)).isEmpty();
    assertThat(journal.lines())
        .hasSize(4)
        .contains("header = \"Authorization: Bearer secret\"")
        .last()
        .asString()
        .startsWith("--config - --silent --show-error --fail ")
        .endsWith(
            "--data {\"server\": \"5\"} https://api.example.com/v1/floating-addresses/1/assign");

    Files.delete(journal.file());
    Files.createFile(directory.resolve("demoted"));
    assertThat(become("primary", hook, "FLOATING_IP_CONF", settings))
        .singleElement()
        .asString()
        .contains("not the primary any more");
    assertThat(journal.lines()).isEmpty();
  }

  @Test
  void theNameIsUpdated() throws Exception {
    program("nsupdate", "echo \"$@\" >>%1$s; cat >>%1$s".formatted(journal.file()));
    String settings =
        """
        SERVER=ns1.example.com
        ZONE=example.com.
        NAME=www.example.com.
        ADDRESS=2001:db8::10
        TTL=30
        KEY=/etc/hotspare/dns-update.key
        """;
    assertThat(become("primary", "dns-update.sh", "DNS_UPDATE_CONF", settings)).isEmpty();
    assertThat(journal.lines())
        .containsExactly(
            "-t 8 -k /etc/hotspare/dns-update.key",
            "server ns1.example.com",
            "zone example.com.",
            "update delete www.example.com. AAAA",
            "update add www.example.com. 30 AAAA 2001:db8::10",
            "send");
  }

  @Test
  void whatFailsIsTold() throws Exception {
    program("nsupdate", "echo REFUSED >&2; exit 2");
    String settings = "SERVER=a\nZONE=b\nNAME=c\nADDRESS=192.0.2.1\nTTL=30\nKEY=d\n";
    assertThat(become("primary", "dns-update.sh", "DNS_UPDATE_CONF", settings))
        .singleElement()
        .asString()
        .endsWith("failed: status 2: REFUSED");
  }
}
