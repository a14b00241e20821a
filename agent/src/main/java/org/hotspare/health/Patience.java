package org.hotspare.health;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A text that can be read until its look is given up: a pattern such as {@code (a*)*b} may take
 * longer than anybody lives, and nothing else ends it.
 */
final class Patience implements CharSequence {
  private static final int CHARACTERS_BETWEEN = 4096;

  private final CharSequence text;
  private final Attempt attempt;
  private int read;

  Patience(CharSequence text, Attempt attempt) {
    this.text = text;
    this.attempt = attempt;
  }

  /**
   * @throws UncheckedIOException when the look was given up
   */
  @Override
  public char charAt(int index) {
    if (++read % CHARACTERS_BETWEEN == 0 && attempt.isGivenUp()) {
      throw new UncheckedIOException(new IOException("it takes too long"));
    }
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return new Patience(text.subSequence(start, end), attempt);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
