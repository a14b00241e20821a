package org.hotspare.takeover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.hotspare.takeover.Observer.Question;

/** What was done to a gate and when, and so when it may have been open. */
record GateSteps(List<Step> steps) {
  /** The kernel ends a timeout at a tick, of 10 ms at most, and may be late by some. */
  private static final long TICKS_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  /**
   * One step, in nanoseconds of CLOCK_MONOTONIC.
   *
   * @param name {@code arm} or {@code select}
   * @param millis the validity, of {@code arm}
   * @param before a moment before it was done
   * @param after a moment after that
   */
  record Step(String name, long epoch, long round, long millis, long before, long after) {
    String text() {
      return "%s %d %d %d %d %d".formatted(name, epoch, round, millis, before, after);
    }

    static Step parse(String text) {
      String[] words = text.split(" ", -1);
      return new Step(
          words[0],
          Long.parseLong(words[1]),
          Long.parseLong(words[2]),
          Long.parseLong(words[3]),
          Long.parseLong(words[4]),
          Long.parseLong(words[5]));
    }

    /** When what was armed has ended at the earliest. */
    long endsAfterNanos() {
      return before + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** When what was armed has ended at the latest. */
    long endsBeforeNanos() {
      return after + TimeUnit.MILLISECONDS.toNanos(millis) + TICKS_NANOS;
    }
  }

  GateSteps {
    steps = List.copyOf(steps);
  }

  Stream<Step> armed() {
    return steps.stream().filter(step -> step.name().equals("arm"));
  }

  Stream<Step> selected() {
    return steps.stream().filter(step -> step.name().equals("select"));
  }

  /**
   * When the gate went by one round and was open.
   *
   * @param from a moment before it began to
   * @param until a moment after it was closed, or went by another round
   */
  private record Opening(long from, long until) {}

  private List<Opening> openings() {
    List<Opening> openings = new ArrayList<>();
    List<Step> selected = selected().toList();
    for (int i = 0; i < selected.size(); i++) {
      long next = i + 1 < selected.size() ? selected.get(i + 1).after() : Long.MAX_VALUE;
      long from = selected.get(i).before();
      armedFor(selected.get(i))
          .ifPresent(arm -> openings.add(new Opening(from, Math.min(next, arm.endsBeforeNanos()))));
    }
    return openings;
  }

  /** Whether the question was answered although the gate must have been closed all the time. */
  Predicate<Question> answeredTooLate() {
    List<Opening> openings = openings();
    return question ->
        question.isAnswered()
            && openings.stream()
                .noneMatch(
                    open ->
                        open.from() <= question.receivedNanos()
                            && open.until() >= question.sentNanos());
  }

  private Optional<Step> armedFor(Step select) {
    return armed()
        .filter(arm -> arm.epoch() == select.epoch() && arm.round() == select.round())
        .findFirst();
  }

  /** The step by which the round was armed that was selected last. */
  Step last() {
    return armedFor(selected().reduce((one, next) -> next).orElseThrow()).orElseThrow();
  }
}
