package org.hotspare.takeover;

import java.util.List;
import java.util.Optional;

/**
 * What became of the services, in the order in which they were dealt with.
 *
 * @param steps without those that were not come to, since one before them failed to start
 */
public record ServiceReport(List<Step> steps) {
  public ServiceReport {
    steps = List.copyOf(steps);
  }

  /**
   * What became of one.
   *
   * @param service its name
   * @param text a few words, such as {@code started}, or why it failed
   */
  public record Step(String service, Outcome outcome, String text) {
    /** For people. */
    @Override
    public String toString() {
      return "service " + service + ": " + text;
    }
  }

  /** What a step came to. */
  public enum Outcome {
    /** It was as it should be. */
    UNCHANGED,
    CHANGED,
    FAILED,

    /**
     * It is not in the configuration any more, and could not be stopped. That is no reason not to
     * be primary, since it runs here; and is tried again at the next change of role.
     */
    LEFT_BEHIND
  }

  /** The first that failed; empty if all is as it should be. */
  public Optional<Step> failure() {
    return steps.stream().filter(step -> step.outcome() == Outcome.FAILED).findFirst();
  }
}
