package org.hotspare.health;

import org.hotspare.tree.Bytes;

/**
 * What one look found.
 *
 * <p>The texts are for people. They may come from another machine or a program, so they are cut and
 * what would not print is escaped.
 */
public sealed interface Outcome {
  /** At most this many characters of a text are kept. */
  int MAX_TEXT = 300;

  /** What was seen, or why not. */
  String text();

  /** It works. */
  record Passed(String text) implements Outcome {
    public Passed {
      text = printable(text);
    }
  }

  /** It does not, or there was no telling in time. */
  record Failed(String text) implements Outcome {
    public Failed {
      text = printable(text);
    }
  }

  /**
   * It could not be looked at all, for a reason of this machine's or this process's own, such as a
   * missing privilege: says nothing about what was to be looked at.
   */
  record Unable(String text) implements Outcome {
    public Unable {
      text = printable(text);
    }
  }

  private static String printable(String text) {
    boolean cut = text.codePointCount(0, text.length()) > MAX_TEXT;
    String kept = cut ? text.substring(0, text.offsetByCodePoints(0, MAX_TEXT)) : text;
    return Bytes.of(kept) + (cut ? "…" : "");
  }
}
