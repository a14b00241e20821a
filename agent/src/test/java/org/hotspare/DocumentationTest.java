package org.hotspare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hotspare.wire.Frame;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the documents name is there. */
class DocumentationTest {
  private static final Path PROJECT =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
  private static final Pattern TEST_METHOD = Pattern.compile("`([A-Z]\\w+Test)#(\\w+)`");
  private static final Pattern TEST_CLASS = Pattern.compile("`([A-Z][A-Za-z]+(?:Test|Benchmark))`");

  private static List<Path> documents() throws IOException {
    try (Stream<Path> docs = Files.list(PROJECT.resolve("docs"));
        Stream<Path> top = Files.list(PROJECT)) {
      return Stream.concat(docs, top)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> found(Pattern pattern, String text) {
    List<String> found = new ArrayList<>();
    for (Matcher matcher = pattern.matcher(text); matcher.find(); ) {
      found.add(matcher.group(1));
    }
    return found;
  }

  /** As web sites make anchors of headings. */
  private static Set<String> anchors(Path document) {
    return found(HEADING, read(document)).stream()
        .map(heading -> heading.toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  @Test
  void linksLeadSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path document : documents()) {
      for (String link : found(LINK, read(document))) {
        if (link.contains("://")) {
          continue;
        }
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]).normalize();
        boolean there =
            Files.exists(target) && (parts.length == 1 || anchors(target).contains(parts[1]));
        if (!there) {
          dead.add(PROJECT.relativize(document) + ": " + link);
        }
      }
    }
    assertThat(dead).isEmpty();
  }

  @Test
  void testsThatAreNamedExist() throws IOException {
    Set<String> classes;
    try (Stream<Path> files = Files.walk(PROJECT.resolve("agent/src/test/java"))) {
      classes =
          files
              .map(file -> String.valueOf(file.getFileName()).replace(".java", ""))
              .collect(Collectors.toSet());
    }
    for (Path document : documents()) {
      assertThat(classes).as("%s", document).containsAll(found(TEST_CLASS, read(document)));
    }
  }

  /** And a line of the scenarios says {@code long} where it is one of those that take long. */
  @Test
  void scenariosAreTestsAndRunWhenTheySay() throws IOException {
    String all = read(PROJECT.resolve("docs/ARCHITECTURE.md"));
    List<String> scenarios =
        all.substring(all.indexOf("\n## Scenarios\n"))
            .lines()
            .filter(line -> TEST_METHOD.matcher(line).find())
            .toList();
    assertThat(scenarios).hasSizeGreaterThan(30);
    for (String line : scenarios) {
      for (Matcher named = TEST_METHOD.matcher(line); named.find(); ) {
        assertThat(isLong(named.group(1), named.group(2)))
            .as("%s, in ./test --long only", named.group())
            .isEqualTo(line.endsWith("| long |"));
      }
    }
  }

  /** Whether the method, or its class, is one of those that take long. */
  private static boolean isLong(String simpleName, String method) throws IOException {
    for (Class<?> type : classesNamed(simpleName)) {
      for (Method declared : type.getDeclaredMethods()) {
        if (declared.getName().equals(method)) {
          return Stream.of(declared, type)
              .flatMap(element -> Stream.of(element.getAnnotationsByType(Tag.class)))
              .anyMatch(tag -> tag.value().equals("long"));
        }
      }
    }
    throw new AssertionError("there is no test %s#%s".formatted(simpleName, method));
  }

  /** In whichever package. */
  private static List<Class<?>> classesNamed(String simpleName) throws IOException {
    Path sources = PROJECT.resolve("agent/src/test/java");
    List<Class<?>> classes = new ArrayList<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(file -> file.endsWith(simpleName + ".java")).toList()) {
        String name = sources.relativize(file).toString().replace(".java", "").replace('/', '.');
        classes.add(Class.forName(name));
      }
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
    return classes;
  }

  @Test
  void everyFrameIsInTheProtocol() {
    Set<String> frames = new TreeSet<>();
    for (Class<?> frame : Frame.class.getPermittedSubclasses()) {
      frames.add(frame.getSimpleName());
    }
    String protocol = read(PROJECT.resolve("docs/protocol.md"));
    assertThat(frames).allSatisfy(frame -> assertThat(protocol).contains("`" + frame));
  }
}
