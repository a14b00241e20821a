package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Command;
import org.hotspare.testing.Judge;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What crosses the network, and what is read, when many files did not change. */
final class ManyFilesTest {
  private static final int FILES = 20_000;
  private static final int PER_DIRECTORY = 100;
  private static final List<String> SCANS = List.of("entries compared in", "the copy was compared");

  /** A subscription, its answers, and the reports of a few seconds; a file's row is 100 bytes. */
  private static final long FEW_BYTES = 200_000;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("org.hotspare");

  @BeforeEach
  void listen() {
    log.start();
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
    logger.addAppender(log);
  }

  @AfterEach
  void stopListening() {
    logger.setLevel(null);
    logger.setAdditive(true);
    logger.detachAppender(log);
  }

  /** How often a whole tree was read, on either side, since the last call. */
  private long scans() {
    long count =
        List.copyOf(log.list).stream()
            .map(ILoggingEvent::getFormattedMessage)
            .filter(line -> SCANS.stream().anyMatch(line::contains))
            .count();
    log.list.clear();
    return count;
  }

  private static void make(Path root) throws Exception {
    for (int d = 0; d < FILES / PER_DIRECTORY; d++) {
      Path directory = Files.createDirectories(root.resolve(d / 100 + "/" + d));
      for (int i = 0; i < PER_DIRECTORY; i++) {
        Files.writeString(directory.resolve("f" + i), (d + " " + i + "\n").repeat(8));
      }
    }
  }

  /** What a copy would change: each entry's inode number and the time of its last change. */
  private static TreeMap<String, String> identities(Path root) throws Exception {
    TreeMap<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        var attributes = Files.readAttributes(path, "unix:ino,ctime", LinkOption.NOFOLLOW_LINKS);
        found.put(root.relativize(path).toString(), attributes.toString());
      }
    }
    return found;
  }

  @Test
  void neitherARestartNorADroppedConnectionCopiesAnything() throws Exception {
    try (LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 500);
        TestPair pair = TestPair.withRelay(disk.path())) {
      make(Files.createDirectories(pair.alpha().tree()));
      pair.start();
      pair.assertSame();
      var copied = identities(pair.beta().tree());
      pair.stop();

      scans();
      long before = pair.relay().bytes();
      pair.start();
      pair.barrier();
      assertThat(pair.alpha().mirror().position().sequence()).as("changes numbered").isZero();
      assertThat(pair.relay().bytes() - before).as("bytes of a restart").isLessThan(FEW_BYTES);
      assertThat(identities(pair.beta().tree())).isEqualTo(copied);
      assertThat(scans()).as("scans of a restart").isEqualTo(2);

      dropped(pair);
      assertThat(scans()).as("scans after connections dropped").isZero();
      Judge.assertSameTree(pair.alpha().tree(), pair.beta().tree(), TestPair.LIMIT);
      copied.keySet().removeIf(path -> path.equals("") || path.equals("0/7/f3"));
      copied.remove("0/7");
      assertThat(identities(pair.beta().tree())).containsAllEntriesOf(copied);
    }
  }

  /** Each time something is changed while nobody is connected, and arrives by itself. */
  private static void dropped(TestPair pair) throws Exception {
    Path file = pair.alpha().tree().resolve("0/7/f3");
    Path copy = pair.beta().tree().resolve("0/7/f3");
    for (int i = 0; i < 3; i++) {
      long connections = pair.relay().connections();
      long before = pair.relay().bytes();
      pair.relay().drop();
      String content = "changed " + i;
      Files.writeString(file, content);
      TestPair.await("connected again", () -> pair.relay().connections() > connections);
      TestPair.await("arrived", () -> reads(copy, content));
      pair.barrier();
      assertThat(pair.relay().bytes() - before).as("bytes of a new link").isLessThan(FEW_BYTES);
    }
  }

  private static boolean reads(Path file, String content) {
    try {
      return Files.readString(file).equals(content);
    } catch (java.io.IOException replacedMeanwhile) {
      return false;
    }
  }

  /** By the script that measures it, which fails if anything was copied. */
  @Test
  @Tag("long")
  void halfAMillionFilesFitIntoTheMemoryOfTheAgentsAndAreNotCopiedAgain(@TempDir Path directory)
      throws Exception {
    Path hotspare = directory.resolve("hotspare");
    Files.writeString(
        hotspare,
        """
        #!/bin/sh
        exec '%s/bin/java' -XX:+UseSerialGC -Xmx256m -XX:+ExitOnOutOfMemoryError \
          --enable-native-access=ALL-UNNAMED -Dhotspare.script="$0" -cp '%s' \
          org.hotspare.agent.Main "$@"
        """
            .formatted(System.getProperty("java.home"), System.getProperty("java.class.path")));
    Files.setPosixFilePermissions(hotspare, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path script = Path.of(System.getProperty("basedir", "")).resolve("../bench/many-files");
    Command.Result result =
        Command.run(
            Duration.ofMinutes(30),
            List.of(
                "env",
                "HOTSPARE=" + hotspare,
                "HOTSPARE_LOG=INFO",
                script.toString(),
                "--seconds",
                "10"));
    System.out.println(result.output());
    assertThat(result.status()).as(result.output()).isZero();
  }
}
