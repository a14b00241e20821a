package org.hotspare.watch;

import java.util.Arrays;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;

/**
 * One pattern of an exclude list. How a pattern is laid against a path follows from its shape:
 * without a slash and without {@code **} it means the last name; with a leading slash, the whole
 * path; with a slash elsewhere, as many names from the end as it has; with {@code **}, any run of
 * names up to the end.
 */
final class ExcludeRule {
  private enum Reach {
    LAST_NAME,
    LAST_NAMES,
    FROM_EVERY_NAME,
    WHOLE_PATH
  }

  private final boolean include;
  private final boolean onlyDirectories;

  /** {@code dir/***} means the directory and all in it: it is matched with a slash at its end. */
  private final boolean slashAfterDirectories;

  /** A leading {@code **} may stand for nothing before the first slash. */
  private final boolean slashBefore;

  private final Reach reach;
  private final int slashes;
  private final Matcher matcher;

  private interface Matcher {
    boolean matches(byte[] text, int from);
  }

  /**
   * @param item a pattern, after {@code "+ "} for an exception or {@code "- "} for what is the
   *     default
   * @throws IllegalArgumentException with what is wrong with it
   */
  ExcludeRule(Bytes item) {
    byte[] raw = item.array();
    boolean prefixed = raw.length >= 2 && (raw[0] == '+' || raw[0] == '-') && raw[1] == ' ';
    include = prefixed && raw[0] == '+';
    int start = prefixed ? 2 : 0;
    onlyDirectories = raw.length > start + 1 && raw[raw.length - 1] == '/';
    byte[] pattern = Arrays.copyOfRange(raw, start, raw.length - (onlyDirectories ? 1 : 0));
    check(item, pattern);
    slashes = (int) count(pattern, '/');
    boolean deep = indexOfDeep(pattern) >= 0;
    boolean anchored = pattern[0] == '/';
    slashBefore = indexOfDeep(pattern) == 0;
    slashAfterDirectories = endsWithThreeStars(pattern);
    reach = reach(anchored, deep, slashBefore, slashes);
    matcher = matcher(anchored ? Arrays.copyOfRange(pattern, 1, pattern.length) : pattern);
  }

  private static void check(Bytes item, byte[] pattern) {
    if (pattern.length == 0 || Arrays.equals(pattern, new byte[] {'/'})) {
      throw new IllegalArgumentException(
          "\"" + item + "\" excludes nothing or all: a name or a path is expected");
    }
    if (Arrays.equals(pattern, new byte[] {'!'})) {
      throw new IllegalArgumentException(
          "\"!\" would clear the list: leave out the patterns before it instead");
    }
    if (count(pattern, '\0') > 0) {
      throw new IllegalArgumentException("\"" + item + "\" holds a NUL, which no path does");
    }
  }

  private static Reach reach(boolean anchored, boolean deep, boolean deepFirst, int slashes) {
    if (anchored || deepFirst) {
      return Reach.WHOLE_PATH;
    }
    if (deep) {
      return Reach.FROM_EVERY_NAME;
    }
    return slashes == 0 ? Reach.LAST_NAME : Reach.LAST_NAMES;
  }

  private static Matcher matcher(byte[] pattern) {
    boolean wild = count(pattern, '*') + count(pattern, '?') + count(pattern, '[') > 0;
    if (!wild) {
      return (text, from) -> Arrays.equals(text, from, text.length, pattern, 0, pattern.length);
    }
    return Glob.of(Bytes.wrap(pattern))::matches;
  }

  boolean isInclude() {
    return include;
  }

  /** Whether {@link #matches} looks at more than the last name. */
  boolean needsPath() {
    return reach != Reach.LAST_NAME;
  }

  /**
   * @param path the whole path, without a leading slash
   * @param name its last name
   */
  boolean matches(byte[] path, Name name, boolean directory) {
    if (onlyDirectories && !directory) {
      return false;
    }
    if (reach == Reach.LAST_NAME) {
      return matcher.matches(name.bytes().array(), 0);
    }
    byte[] text = subject(path, directory && slashAfterDirectories);
    return switch (reach) {
      case WHOLE_PATH -> matcher.matches(text, 0);
      case FROM_EVERY_NAME -> matchesFromAnyName(text);
      case LAST_NAMES, LAST_NAME -> matchesLastNames(text);
    };
  }

  private byte[] subject(byte[] path, boolean slashAfter) {
    if (!slashBefore && !slashAfter) {
      return path;
    }
    int start = slashBefore ? 1 : 0;
    byte[] text = new byte[start + path.length + (slashAfter ? 1 : 0)];
    text[0] = '/';
    System.arraycopy(path, 0, text, start, path.length);
    if (slashAfter) {
      text[text.length - 1] = '/';
    }
    return text;
  }

  private boolean matchesFromAnyName(byte[] text) {
    for (int i = 0; i < text.length; i++) {
      if ((i == 0 || text[i - 1] == '/') && matcher.matches(text, i)) {
        return true;
      }
    }
    return false;
  }

  private boolean matchesLastNames(byte[] text) {
    int toPass = slashes + 1;
    for (int i = text.length - 1; i >= 0; i--) {
      if (text[i] == '/' && --toPass == 0) {
        return matcher.matches(text, i + 1);
      }
    }
    return toPass == 1 && matcher.matches(text, 0);
  }

  private static long count(byte[] bytes, char wanted) {
    long count = 0;
    for (byte value : bytes) {
      count += value == wanted ? 1 : 0;
    }
    return count;
  }

  private static int indexOfDeep(byte[] pattern) {
    for (int i = 0; i + 1 < pattern.length; i++) {
      if (pattern[i] == '*' && pattern[i + 1] == '*') {
        return i;
      }
    }
    return -1;
  }

  private static boolean endsWithThreeStars(byte[] pattern) {
    int length = pattern.length;
    return length >= 3
        && pattern[length - 1] == '*'
        && pattern[length - 2] == '*'
        && pattern[length - 3] == '*';
  }
}
