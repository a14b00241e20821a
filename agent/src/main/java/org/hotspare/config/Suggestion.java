package org.hotspare.config;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Which known word was probably meant by an unknown one. */
final class Suggestion {
  private Suggestion() {}

  /** The nearest known word, if it is near enough to be a slip of the keyboard. */
  static Optional<String> of(String word, Collection<String> known) {
    String nearest = "";
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(normal(word), normal(candidate));
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    int tolerated = Math.max(1, Math.min(word.length(), nearest.length()) / 3);
    return least <= tolerated ? Optional.of(nearest) : Optional.empty();
  }

  private static String normal(String word) {
    String lower = word.toLowerCase(Locale.ROOT).replace('_', '-');
    return lower.length() > 64 ? lower.substring(0, 64) : lower;
  }

  /** Edits (insert, delete, replace, swap of neighbours) that lead from one word to the other. */
  private static int distance(String from, String to) {
    int[][] edits = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          edits[i][j] = i + j;
          continue;
        }
        boolean same = from.charAt(i - 1) == to.charAt(j - 1);
        int best = edits[i - 1][j - 1] + (same ? 0 : 1);
        best = Math.min(best, Math.min(edits[i - 1][j], edits[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          best = Math.min(best, edits[i - 2][j - 2] + 1);
        }
        edits[i][j] = best;
      }
    }
    return edits[from.length()][to.length()];
  }
}
