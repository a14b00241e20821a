package org.hotspare.admin;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/** The records of this package as JSON, in one line, with their components in their order. */
public final class Json {
  static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          // An older command meets a newer agent: what it does not know is no concern of its.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private Json() {}

  public static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /**
   * @throws IllegalArgumentException if the text is not JSON of that type
   */
  static <T> T read(String text, Class<T> type) {
    try {
      return MAPPER.readValue(text, type);
    } catch (JacksonException malformed) {
      throw new IllegalArgumentException("not a " + type.getSimpleName(), malformed);
    }
  }
}
