package org.hotspare.admin;

import java.util.List;

/**
 * What became of a command that changes something.
 *
 * @param lines for people: what was done, or why not and what to do
 */
public record Answer(Outcome outcome, List<String> lines) {
  public Answer {
    lines = List.copyOf(lines);
  }

  public static Answer done(String... lines) {
    return new Answer(Outcome.DONE, List.of(lines));
  }

  /** It cannot be so now; the lines say why and what to do. */
  public static Answer no(String... lines) {
    return new Answer(Outcome.NO, List.of(lines));
  }

  /** Policy does not allow it; the lines say which and what to do. */
  public static Answer refused(String... lines) {
    return new Answer(Outcome.REFUSED, List.of(lines));
  }
}
