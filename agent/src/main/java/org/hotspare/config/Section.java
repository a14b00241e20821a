package org.hotspare.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hotspare.config.Value.Field;

/** A mapping of the file with known keys, read key by key. */
final class Section {
  /** The name of the file's outermost mapping, which its keys do not carry. */
  static final String WHOLE = "the configuration";

  private final Value whole;
  private final Map<String, Field> fields;

  private Section(Value whole, Map<String, Field> fields) {
    this.whole = whole;
    this.fields = fields;
  }

  static Section of(Value value, List<String> known) {
    String keys = String.join(", ", known);
    Map<String, Field> fields = value.fields("a mapping with the keys " + keys);
    fields.forEach(
        (key, field) -> {
          if (!known.contains(key)) {
            String meant =
                Suggestion.of(key, known)
                    .map(word -> "; did you mean \"" + word + "\"?")
                    .orElse("");
            field.key().complain("unknown key \"" + key + "\"", "one of " + keys + meant);
          }
        });
    return new Section(value, fields);
  }

  Map<String, Field> fields() {
    return fields;
  }

  Optional<Value> get(String key) {
    return Optional.ofNullable(fields.get(key)).map(Field::value);
  }

  /** Where the key itself stands, for notices about a whole section. */
  Optional<Value> key(String key) {
    return Optional.ofNullable(fields.get(key)).map(Field::key);
  }

  /** The value, whose absence is a complaint. */
  Optional<Value> require(String key, String expected) {
    Optional<Value> value = get(key);
    if (value.isEmpty()) {
      whole.complain("\"" + key + "\" is missing in " + whole.name(), key + ": " + expected);
    }
    return value;
  }

  void complain(String message, String expected) {
    whole.complain(message, expected);
  }

  <T> T scalar(String key, T otherwise, String expected, Function<String, T> parser) {
    return get(key).flatMap(value -> value.parsed(expected, parser)).orElse(otherwise);
  }

  String text(String key, String otherwise, String expected) {
    return scalar(key, otherwise, expected, text -> text);
  }

  Duration duration(String key, Duration otherwise) {
    return scalar(key, otherwise, Amounts.DURATION_EXPECTED, Amounts::duration);
  }

  boolean flag(String key, boolean otherwise) {
    return scalar(
        key,
        otherwise,
        "true or false",
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException(text);
            });
  }

  int count(String key, int otherwise, int least, int most) {
    return scalar(
        key,
        otherwise,
        "a number from " + least + " to " + most,
        text -> {
          int number = Integer.parseInt(text);
          if (number < least || number > most) {
            throw new IllegalArgumentException(text);
          }
          return number;
        });
  }

  /** One of the enum's constants, written in lower case with hyphens. */
  <E extends Enum<E>> E choice(String key, E otherwise) {
    Class<E> type = otherwise.getDeclaringClass();
    return scalar(key, otherwise, choices(type), text -> constant(type, text));
  }

  /** The texts of a list, or of one text that stands for a list of one. */
  List<String> texts(String key, String expected) {
    return each(key, item -> item.text(expected));
  }

  /** What {@code reader} makes of each item of a list, without what it complained about. */
  <T> List<T> each(String key, Function<Value, Optional<T>> reader) {
    List<T> read = new ArrayList<>();
    for (Value item : get(key).map(Value::items).orElse(List.of())) {
      reader.apply(item).ifPresent(read::add);
    }
    return List.copyOf(read);
  }

  static <E extends Enum<E>> E constant(Class<E> type, String text) {
    return Stream.of(type.getEnumConstants())
        .filter(constant -> word(constant).equals(text))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(text));
  }

  static <E extends Enum<E>> String choices(Class<E> type) {
    return Stream.of(type.getEnumConstants())
        .map(Section::word)
        .collect(Collectors.joining(", ", "one of ", ""));
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
