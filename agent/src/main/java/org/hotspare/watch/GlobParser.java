package org.hotspare.watch;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Reads a {@link Glob} once, from left to right. */
final class GlobParser {
  private static final int NONE = -1;

  private final byte[] pattern;
  private int at;

  GlobParser(byte[] pattern) {
    this.pattern = pattern;
  }

  List<Glob.Token> parse() {
    List<Glob.Token> tokens = new ArrayList<>();
    while (at < pattern.length) {
      tokens.add(token(next()));
    }
    return tokens;
  }

  private int next() {
    return pattern[at++] & 0xff;
  }

  private boolean isNext(char value) {
    return at < pattern.length && pattern[at] == value;
  }

  private Glob.Token token(int value) {
    return switch (value) {
      case '*' -> star();
      case '?' -> anyButSlash();
      case '[' -> set();
      // A backslash at the very end escapes nothing and matches nothing, as with rsync.
      case '\\' -> at < pattern.length ? one(next()) : new Glob.Token.Nothing();
      default -> one(value);
    };
  }

  private Glob.Token star() {
    int first = at;
    while (isNext('*')) {
      at++;
    }
    return at > first ? new Glob.Token.Deep() : new Glob.Token.Run();
  }

  private static Glob.Token one(int value) {
    BitSet allowed = new BitSet(256);
    allowed.set(value);
    return new Glob.Token.One(allowed);
  }

  private static Glob.Token anyButSlash() {
    BitSet all = new BitSet(256);
    all.set(0, 256);
    all.clear('/');
    return new Glob.Token.One(all);
  }

  /** What follows an opening bracket: {@code !a-z[:digit:]\]]}. */
  private Glob.Token set() {
    boolean negated = isNext('!') || isNext('^');
    if (negated) {
      at++;
    }
    BitSet members = new BitSet(256);
    int previous = NONE;
    for (boolean first = true; first || !isNext(']'); first = false) {
      if (at >= pattern.length) {
        return new Glob.Token.Nothing();
      }
      int value = next();
      boolean understood = true;
      if (value == '-' && previous != NONE && at < pattern.length && !isNext(']')) {
        understood = addRange(previous, members);
        previous = NONE;
      } else if (value == '[' && isNext(':') && classEnd() != NONE) {
        understood = addClass(members);
        previous = NONE;
      } else {
        previous = literal(value);
        understood = previous != NONE;
        if (understood) {
          members.set(previous);
        }
      }
      if (!understood) {
        return new Glob.Token.Nothing();
      }
    }
    at++;
    if (negated) {
      members.flip(0, 256);
    }
    members.clear('/');
    return new Glob.Token.One(members);
  }

  /** The byte itself, or the one after it if it is a backslash; none at the end. */
  private int literal(int value) {
    if (value != '\\') {
      return value;
    }
    return at < pattern.length ? next() : NONE;
  }

  private boolean addRange(int start, BitSet members) {
    int end = literal(next());
    if (end == NONE) {
      return false;
    }
    if (end >= start) {
      members.set(start, end + 1);
    }
    return true;
  }

  /** Where the {@code :]} begins that closes the class whose colon is next. */
  private int classEnd() {
    int bracket = at + 1;
    while (bracket < pattern.length && pattern[bracket] != ']') {
      bracket++;
    }
    boolean closed = bracket < pattern.length && bracket - 1 > at && pattern[bracket - 1] == ':';
    return closed ? bracket - 1 : NONE;
  }

  private boolean addClass(BitSet members) {
    int end = classEnd();
    String name = new String(pattern, at + 1, end - at - 1, StandardCharsets.ISO_8859_1);
    at = end + 2;
    return CharacterClass.of(name)
        .map(
            found -> {
              found.addTo(members);
              return true;
            })
        .orElse(false);
  }
}
