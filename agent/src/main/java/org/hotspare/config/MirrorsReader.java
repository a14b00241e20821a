package org.hotspare.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** Reads {@code mirrors}. */
final class MirrorsReader {
  private static final String EXPECTED = "the mirrors by name, such as www: {path: /srv/www}";
  private static final String PATH_EXPECTED = "an absolute path of a directory other than /";

  private static final String PATTERN_EXPECTED =
      "a pattern in rsync's syntax, such as \"/cache/\" or \"*.tmp\"";

  private MirrorsReader() {}

  static SequencedMap<String, Mirror> read(Value value, Layout layout) {
    SequencedMap<String, Mirror> mirrors = new LinkedHashMap<>();
    value
        .fields(EXPECTED)
        .forEach(
            (name, field) -> {
              field.key().parsed(Names.EXPECTED, Names::check);
              mirrors.put(name, mirror(name, field.value(), layout));
            });
    if (mirrors.isEmpty() && value.isMapping()) {
      value.complain("mirrors is empty", EXPECTED);
    }
    return mirrors;
  }

  private static Mirror mirror(String name, Value value, Layout layout) {
    Section section = value.section("path", "exclude", "on-change");
    Path path =
        section
            .require("path", PATH_EXPECTED)
            .flatMap(at -> path(at).map(read -> layout.shared(name, read, at)))
            .orElse(Layout.UNKNOWN);
    return new Mirror(
        name,
        path,
        section.each("exclude", item -> item.parsed(PATTERN_EXPECTED, MirrorsReader::pattern)),
        section.text("on-change", "", "a shell command"));
  }

  /** Refuses what would exclude nothing or all; the rest of the syntax admits any text. */
  private static String pattern(String text) {
    String bare = text.startsWith("+ ") || text.startsWith("- ") ? text.substring(2) : text;
    if (bare.isEmpty() || bare.equals("/") || bare.equals("!") || bare.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  static Optional<Path> path(Value value) {
    return value.parsed(
        PATH_EXPECTED,
        text -> {
          Path path = ConfigurationReader.pathOf(text);
          Path normal = path.normalize();
          if (!path.isAbsolute() || normal.getNameCount() == 0) {
            throw new IllegalArgumentException(text);
          }
          return normal;
        });
  }
}
