package org.hotspare.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations, sizes, rates and shares as people write them: {@code 500ms}, {@code 20GiB}. */
public final class Amounts {
  public static final String DURATION_EXPECTED = "a duration such as 500ms, 2s, 10m, 4h or 7d";
  public static final String SIZE_EXPECTED = "a size such as 64KiB, 50MB or 20GiB";
  public static final String RATE_EXPECTED = "a rate such as 50MB/s or 20Mbit/s";
  public static final String PERCENT_EXPECTED = "a share such as 50%";

  /** Long enough for every purpose, short enough that no sum of a few overflows. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private static final Pattern NUMBER_AND_UNIT =
      Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,6})?) ?([A-Za-z%/]*)");

  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

  private static final Map<String, Long> BYTES =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("b", 1L),
          Map.entry("kb", 1000L),
          Map.entry("mb", 1000_000L),
          Map.entry("gb", 1000_000_000L),
          Map.entry("tb", 1000_000_000_000L),
          Map.entry("kib", 1L << 10),
          Map.entry("mib", 1L << 20),
          Map.entry("gib", 1L << 30),
          Map.entry("tib", 1L << 40));

  private static final Map<String, Long> BITS =
      Map.of("bit", 1L, "kbit", 1000L, "mbit", 1000_000L, "gbit", 1000_000_000L);

  private Amounts() {}

  /**
   * @throws IllegalArgumentException if the text is no duration between 1 ms and ten years
   */
  public static Duration duration(String text) {
    Matcher parts = split(text);
    Long unitMillis = MILLIS.get(parts.group(2));
    if (unitMillis == null) {
      throw notA(DURATION_EXPECTED, text);
    }
    BigDecimal millis = new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(unitMillis));
    if (millis.compareTo(BigDecimal.ONE) < 0
        || millis.compareTo(BigDecimal.valueOf(LONGEST.toMillis())) > 0) {
      throw notA(DURATION_EXPECTED, text);
    }
    return Duration.ofMillis(millis.longValue());
  }

  /**
   * Bytes: {@code kB} is a thousand, {@code KiB} is 1,024, a bare number counts bytes.
   *
   * @throws IllegalArgumentException if the text is no size
   */
  public static long bytes(String text) {
    Matcher parts = split(text);
    Long unit = BYTES.get(parts.group(2).toLowerCase(Locale.ROOT));
    if (unit == null) {
      throw notA(SIZE_EXPECTED, text);
    }
    return whole(parts.group(1), unit, SIZE_EXPECTED, text);
  }

  /**
   * Bytes per second, of {@code 50MB/s} or {@code 20Mbit/s}.
   *
   * @throws IllegalArgumentException if the text is no rate of at least a byte per second
   */
  public static long bytesPerSecond(String text) {
    Matcher parts = split(text);
    String unit = parts.group(2).toLowerCase(Locale.ROOT);
    if (!unit.endsWith("/s")) {
      throw notA(RATE_EXPECTED, text);
    }
    String amount = unit.substring(0, unit.length() - 2);
    Long bits = BITS.get(amount);
    Long bytes = amount.isEmpty() ? null : BYTES.get(amount);
    long rate;
    if (bits != null) {
      rate = whole(parts.group(1), bits, RATE_EXPECTED, text) / 8;
    } else if (bytes != null) {
      rate = whole(parts.group(1), bytes, RATE_EXPECTED, text);
    } else {
      throw notA(RATE_EXPECTED, text);
    }
    if (rate < 1) {
      throw notA(RATE_EXPECTED, text);
    }
    return rate;
  }

  /**
   * 0.5 for {@code 50%}; may be more than 1.
   *
   * @throws IllegalArgumentException if the text is no percentage above 0
   */
  public static double share(String text) {
    Matcher parts = split(text);
    double percent = Double.parseDouble(parts.group(1));
    if (!parts.group(2).equals("%") || percent <= 0) {
      throw notA(PERCENT_EXPECTED, text);
    }
    return percent / 100;
  }

  private static Matcher split(String text) {
    Matcher parts = NUMBER_AND_UNIT.matcher(text);
    if (!parts.matches()) {
      throw notA("a number with its unit", text);
    }
    return parts;
  }

  private static long whole(String number, long unit, String expected, String text) {
    BigDecimal value = new BigDecimal(number).multiply(BigDecimal.valueOf(unit));
    if (value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw notA(expected, text);
    }
    return value.longValue();
  }

  private static IllegalArgumentException notA(String expected, String text) {
    return new IllegalArgumentException("\"" + text + "\" is not " + expected);
  }
}
