package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;

/**
 * The program in a jar, with a cache of loaded classes beside it, as users have it. The cache takes
 * a second of the processor off each start of an agent; it needs a jar. Made once for all processes
 * that test the same classes.
 */
final class PackedAgent {
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  /** The cache is taken only with the options with which it was made. */
  private static final List<String> OPTIONS =
      List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED");

  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** Once it is made. */
  private static @Nullable PackedAgent packed;

  private final Path jar;
  private final Path cache;

  private PackedAgent(Path directory) {
    this.jar = directory.resolve("hotspare.jar");
    this.cache = directory.resolve("hotspare.aot");
  }

  /** What runs the program; the program's own arguments follow. */
  static synchronized List<String> command(String... javaOptions) throws IOException {
    PackedAgent made = packed == null ? get() : packed;
    packed = made;
    return made.java("-XX:AOTCache=" + made.cache, List.of(javaOptions), Main.class);
  }

  private List<String> java(String cacheOption, List<String> further, Class<?> main) {
    List<String> command = new ArrayList<>(List.of(JAVA));
    command.addAll(OPTIONS);
    command.addAll(further);
    command.addAll(List.of(cacheOption, "-cp", classPath(), main.getName()));
    return command;
  }

  private static PackedAgent get() throws IOException {
    Path classes = classes();
    Path all = Files.createDirectories(classes.resolveSibling("packed"));
    try (FileChannel file =
            FileChannel.open(
                all.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = file.lock()) {
      PackedAgent agent = new PackedAgent(all.resolve(String.valueOf(newest(classes))));
      if (!Files.exists(agent.cache)) {
        agent.pack(classes);
        agent.rehearse();
      }
      return agent;
    }
  }

  private static Path classes() {
    return classPathOfTests()
        .map(entry -> Path.of(entry).toAbsolutePath())
        .filter(entry -> Files.exists(entry.resolve("org/hotspare/agent/Main.class")))
        .findFirst()
        .orElseThrow();
  }

  private static Stream<String> classPathOfTests() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  /** Milliseconds of the class that was compiled last. */
  private static long newest(Path classes) throws IOException {
    try (Stream<Path> files = Files.walk(classes)) {
      return files.mapToLong(file -> file.toFile().lastModified()).max().orElseThrow();
    }
  }

  private void pack(Path classes) throws IOException {
    Files.createDirectories(jar.getParent());
    StringWriter said = new StringWriter();
    PrintWriter out = new PrintWriter(said, true);
    int status =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(out, out, "--create", "--file=" + jar, "-C", classes.toString(), ".");
    assertThat(status).as("jar: %s", said).isZero();
  }

  /** The libraries by themselves: no class is cached of one that only the manifest names. */
  private String classPath() {
    return Stream.concat(
            Stream.of(jar.toString()), classPathOfTests().filter(entry -> entry.endsWith(".jar")))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private void rehearse() {
    Command.Result result =
        Command.run(LIMIT, java("-XX:AOTCacheOutput=" + cache, List.of(), Rehearsal.class));
    assertThat(result.status()).as(result.output()).isZero();
    assertThat(cache).as(result.output()).exists();
  }
}
