package org.hotspare.watch;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.hotspare.tree.Bytes;

/**
 * A pattern of wildcards over bytes, with rsync's meaning of them: {@code *} and {@code ?} stop at
 * a slash, {@code **} does not, {@code [...]} is one byte other than a slash, and a backslash takes
 * the next byte as it is. All ways to match are followed at once, so that no pattern and no file
 * name can make it slow: the time is at most the product of both lengths.
 */
final class Glob {
  sealed interface Token {
    /** One byte out of a set. */
    record One(BitSet allowed) implements Token {}

    /** Any number of bytes other than a slash. */
    record Run() implements Token {}

    /** Any number of any bytes. */
    record Deep() implements Token {}

    /** What can match nothing, such as a class that is never closed. */
    record Nothing() implements Token {}
  }

  private final Token[] tokens;

  private Glob(List<Token> tokens) {
    this.tokens = tokens.toArray(Token[]::new);
  }

  static Glob of(Bytes pattern) {
    return new Glob(new GlobParser(pattern.array()).parse());
  }

  /** Whether the pattern matches all of {@code text} from {@code from} on. */
  boolean matches(byte[] text, int from) {
    boolean[] now = new boolean[tokens.length + 1];
    boolean[] next = new boolean[tokens.length + 1];
    now[0] = true;
    skipStars(now);
    for (int at = from; at < text.length; at++) {
      if (!step(now, next, text[at])) {
        return false;
      }
      boolean[] swap = now;
      now = next;
      next = swap;
    }
    return now[tokens.length];
  }

  /** From the tokens reached before a byte to those reached after it; false when there are none. */
  private boolean step(boolean[] now, boolean[] next, byte value) {
    Arrays.fill(next, false);
    boolean any = false;
    for (int i = 0; i < tokens.length; i++) {
      if (!now[i]) {
        continue;
      }
      switch (tokens[i]) {
        case Token.One one -> next[i + 1] |= one.allowed().get(value & 0xff);
        case Token.Run _ -> next[i] |= value != '/';
        case Token.Deep _ -> next[i] = true;
        case Token.Nothing _ -> {}
      }
      any |= next[i] || next[i + 1];
    }
    skipStars(next);
    return any;
  }

  /** A star may stand for nothing. */
  private void skipStars(boolean[] reached) {
    for (int i = 0; i < tokens.length; i++) {
      if (reached[i] && (tokens[i] instanceof Token.Run || tokens[i] instanceof Token.Deep)) {
        reached[i + 1] = true;
      }
    }
  }
}
