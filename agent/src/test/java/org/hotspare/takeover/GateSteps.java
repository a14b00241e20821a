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
  /** The kernel ends a timeout at a tick of its own, by so much too early. */
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /**
   * By so much the ticks may be late: on a virtual machine whose processor that counts them is not
   * run for a while.
   */
  static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  /**
   * One step, in nanoseconds of CLOCK_MONOTONIC.
   *
   * @param name {@code arm} or {@code select}
   * @param millis the validity, of {@code arm}
   * @param before a moment before it was done
   * @param after a moment after that; 0 for a step that was only begun, -1 for one that was not
   *     needed
   * @param isDone whether it is known to have been done
   */
  record Step(
      String name, long epoch, long round, long millis, long before, long after, boolean isDone) {
    private static final long BEGUN = 0;
    private static final long UNDONE = -1;

    static Step begin(String name, long epoch, long round, long millis) {
      return new Step(name, epoch, round, millis, System.nanoTime(), BEGUN, false);
    }

    Step done(long nanos) {
      return new Step(name, epoch, round, millis, before, nanos, true);
    }

    /** It turned out that there was nothing to do. */
    Step leftUndone() {
      return new Step(name, epoch, round, millis, before, UNDONE, false);
    }

    /**
     * If it was begun, it may have been done until that moment.
     *
     * @return this, if it was done
     */
    Step interrupted(long nanos) {
      return isDone ? this : new Step(name, epoch, round, millis, before, nanos, false);
    }

    boolean isBegun() {
      return after == BEGUN;
    }

    boolean isUndone() {
      return after == UNDONE;
    }

    String text() {
      return "%s %d %d %d %d %d".formatted(name, epoch, round, millis, before, after);
    }

    static Step parse(String text) {
      String[] words = text.split(" ", -1);
      long after = Long.parseLong(words[5]);
      return new Step(
          words[0],
          Long.parseLong(words[1]),
          Long.parseLong(words[2]),
          Long.parseLong(words[3]),
          Long.parseLong(words[4]),
          after,
          after > 0);
    }

    /** When what was armed is to end at the earliest. */
    long endsAfterNanos() {
      return before + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** When what was armed is to end at the latest. */
    long endsBeforeNanos() {
      return after + TimeUnit.MILLISECONDS.toNanos(millis);
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
      boolean isFollowed = i + 1 < selected.size() && selected.get(i + 1).isDone();
      long next = isFollowed ? selected.get(i + 1).after() : Long.MAX_VALUE;
      long from = selected.get(i).before();
      armedFor(selected.get(i))
          .map(arm -> new Opening(from, Math.min(next, arm.endsBeforeNanos() + LATE_NANOS)))
          .ifPresent(openings::add);
    }
    return openings;
  }

  /**
   * From the first round that was selected on, as long as each was selected before the one before
   * had ended: while the gate was open without a gap for certain.
   */
  private Opening openWithoutGap() {
    long from = selected().findFirst().orElseThrow().after();
    long until = Long.MAX_VALUE;
    for (Step select : selected().toList()) {
      if (select.after() > until) {
        break;
      }
      long end = armedFor(select).orElseThrow().endsAfterNanos() - TICK_NANOS;
      until = select.isDone() ? end : Math.min(until, end);
    }
    return new Opening(from, until);
  }

  /**
   * Whether the question had to be answered: it was asked while the gate was open without a gap for
   * certain, and stayed so for {@code marginNanos}.
   */
  Predicate<Question> askedWhileOpen(long marginNanos) {
    Opening open = openWithoutGap();
    return question ->
        open.from() <= question.sentNanos() && question.sentNanos() <= open.until() - marginNanos;
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
