package org.hotspare.cli;

import java.util.Locale;

/** Numbers for people: {@code 57,049}, {@code 12 KiB}, {@code 0.4 s}. */
public final class Quantities {
  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Quantities() {}

  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** {@code 1 change}, {@code 3 changes}: the number with the noun in its form. */
  public static String count(long number, String one, String many) {
    return count(number) + " " + (number == 1 ? one : many);
  }

  public static String bytes(long bytes) {
    if (bytes == 1) {
      return "1 byte";
    }
    double amount = bytes;
    int unit = 0;
    // 1023.5 would be rounded to 1024 of a unit that ends there.
    while (amount >= 1023.5 && unit < UNITS.length - 1) {
      amount /= 1024;
      unit++;
    }
    String format = unit == 0 || amount >= 9.95 ? "%.0f %s" : "%.1f %s";
    return String.format(Locale.ROOT, format, amount, UNITS[unit]);
  }

  public static String bytesPerSecond(long bytes) {
    return bytes(bytes) + "/s";
  }

  /** {@code 0.4 s}, {@code 12 s}, {@code 3 min 20 s}, {@code 2 h 5 min}, {@code 3 d 4 h}. */
  public static String seconds(double seconds) {
    if (seconds < 9.95) {
      return String.format(Locale.ROOT, "%.1f s", Math.max(0, seconds));
    }
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return whole / 60 + " min" + rest(whole % 60, "s");
    }
    if (whole < 86_400) {
      return whole / 3600 + " h" + rest(whole % 3600 / 60, "min");
    }
    return whole / 86_400 + " d" + rest(whole % 86_400 / 3600, "h");
  }

  private static String rest(long amount, String unit) {
    return amount == 0 ? "" : " " + amount + " " + unit;
  }
}
