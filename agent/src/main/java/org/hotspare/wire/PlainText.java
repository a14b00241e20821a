package org.hotspare.wire;

import java.util.regex.Pattern;

/** Text that a peer sends: names that are used as such, and sentences that are shown to people. */
final class PlainText {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final char REPLACEMENT = '\ufffd';

  private PlainText() {}

  /** Whether it can name a cluster, a node or a mirror: it is safe in a path and in a log. */
  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /**
   * A sentence without what could forge a line of a log or steer a terminal, cut to the longest
   * that a frame carries.
   */
  static String sentence(String text) {
    StringBuilder safe = new StringBuilder(Math.min(text.length(), Bounds.TEXT_CHARACTERS));
    text.codePoints()
        .limit(Bounds.TEXT_CHARACTERS)
        .forEach(
            codePoint -> safe.appendCodePoint(isHarmless(codePoint) ? codePoint : REPLACEMENT));
    return safe.toString();
  }

  private static boolean isHarmless(int codePoint) {
    int type = Character.getType(codePoint);
    return type != Character.CONTROL
        && type != Character.FORMAT
        && type != Character.SURROGATE
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR;
  }
}
