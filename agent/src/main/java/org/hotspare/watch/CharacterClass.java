package org.hotspare.watch;

import java.util.BitSet;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;

/** The named classes of bytes in a bracket, as {@code [[:digit:]]}, in the C locale. */
enum CharacterClass {
  ALNUM(c -> isDigit(c) || isLetter(c)),
  ALPHA(CharacterClass::isLetter),
  BLANK(c -> c == ' ' || c == '\t'),
  CNTRL(c -> c < ' ' || c == 127),
  DIGIT(CharacterClass::isDigit),
  GRAPH(CharacterClass::isGraphic),
  LOWER(c -> c >= 'a' && c <= 'z'),
  PRINT(c -> isGraphic(c) || c == ' '),
  PUNCT(c -> isGraphic(c) && !isDigit(c) && !isLetter(c)),
  SPACE(c -> c == ' ' || (c >= '\t' && c <= '\r')),
  UPPER(c -> c >= 'A' && c <= 'Z'),
  XDIGIT(c -> isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));

  // Every predicate here is a lambda without state.
  @SuppressWarnings("ImmutableEnumChecker")
  private final IntPredicate members;

  CharacterClass(IntPredicate members) {
    this.members = members;
  }

  static Optional<CharacterClass> of(String name) {
    for (CharacterClass candidate : values()) {
      if (candidate.name().toLowerCase(Locale.ROOT).equals(name)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  void addTo(BitSet set) {
    for (int c = 0; c < 128; c++) {
      if (members.test(c)) {
        set.set(c);
      }
    }
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isGraphic(int c) {
    return c > ' ' && c < 127;
  }
}
