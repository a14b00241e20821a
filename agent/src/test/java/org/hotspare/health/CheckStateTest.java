package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.hotspare.health.CheckState.Step;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.health.Outcome.Unable;
import org.junit.jupiter.api.Test;

/** Times are in milliseconds here. */
class CheckStateTest {
  private static final Passed GOOD = new Passed("good");
  private static final Failed BAD = new Failed("bad");
  private static final Schedule USUAL = schedule(500, 400, 3, 2);

  private static Schedule schedule(int every, int timeout, int fall, int rise) {
    return new Schedule(Duration.ofMillis(every), Duration.ofMillis(timeout), fall, rise);
  }

  private static long nanos(long millis) {
    return millis * 1_000_000;
  }

  private static CheckState begun(Schedule schedule) {
    CheckState state = new CheckState(schedule, 0);
    state.ready(0);
    return state;
  }

  /** The state and when it is asked, so that a test reads as a sequence of what happens. */
  private static final class Driver {
    private final CheckState state;

    Driver(Schedule schedule) {
      state = begun(schedule);
    }

    Step tick(long at) {
      return state.tick(nanos(at));
    }

    /** Asked when it wants to be until then, which is to lead to nothing, and then. */
    Step runTo(long at) {
      while (state.nextNanos() < nanos(at)) {
        assertThat(state.tick(state.nextNanos())).isEqualTo(Step.WAIT);
      }
      return tick(at);
    }

    void look(long at, long until, Outcome outcome) {
      assertThat(tick(at)).isEqualTo(Step.LOOK);
      assertThat(state.answered(outcome, nanos(until))).isTrue();
    }

    Health health() {
      return state.standing().health();
    }

    long next() {
      return state.nextNanos() / 1_000_000;
    }
  }

  @Test
  void itIsUnknownUntilEnoughAreAlike() {
    Driver check = new Driver(USUAL);
    check.look(0, 10, GOOD);
    assertThat(check.health()).isEqualTo(Health.UNKNOWN);
    check.look(500, 510, BAD);
    check.look(1000, 1010, BAD);
    check.look(1500, 1510, GOOD);
    assertThat(check.health()).isEqualTo(Health.UNKNOWN);
    check.look(2000, 2010, GOOD);
    assertThat(check.health()).isEqualTo(Health.UP);
    assertThat(check.state.standing().sinceNanos()).isEqualTo(nanos(2010));
    assertThat(check.state.standing().looks()).isEqualTo(5);
  }

  @Test
  void nothingBeginsBeforeItIsReady() {
    CheckState state = new CheckState(USUAL, 0);
    assertThat(state.tick(nanos(499))).isEqualTo(Step.WAIT);
    assertThat(state.standing().unable()).isEmpty();
    assertThat(state.tick(nanos(500))).isEqualTo(Step.WAIT);
    assertThat(state.standing().unable()).isEqualTo("preparing for 0 s");
    assertThat(state.nextNanos()).isEqualTo(nanos(1000));
    assertThat(state.tick(nanos(9_999_999))).isEqualTo(Step.WAIT);
    assertThat(state.standing().unable()).isEqualTo("preparing for 9999 s");
    assertThat(state.standing().looks()).isZero();
    state.ready(nanos(10_000_007));
    assertThat(state.tick(nanos(10_000_007))).isEqualTo(Step.LOOK);
    assertThat(state.answered(GOOD, nanos(10_000_008))).isTrue();
    assertThat(state.nextNanos()).isEqualTo(nanos(10_000_507));
    assertThat(state.standing().unable()).isEmpty();
  }

  @Test
  void itFallsAtTheThirdTimeoutInARowAndAtEachPeriodOnce() {
    Driver check = new Driver(USUAL);
    check.look(0, 1, GOOD);
    check.look(500, 501, GOOD);
    for (int period = 2; period <= 4; period++) {
      assertThat(check.health()).isEqualTo(Health.UP);
      long start = period * 500L;
      assertThat(check.tick(start)).isEqualTo(Step.LOOK);
      assertThat(check.runTo(start + 399)).isEqualTo(Step.WAIT);
      assertThat(check.runTo(start + 400)).isEqualTo(Step.GIVE_UP);
      check.state.gaveUp(BAD, nanos(start + 400));
      assertThat(check.tick(start + 400)).isEqualTo(Step.WAIT);
      // It came back, too late.
      assertThat(check.state.answered(GOOD, nanos(start + 410))).isFalse();
    }
    assertThat(check.health()).isEqualTo(Health.DOWN);
    assertThat(check.state.standing().sinceNanos()).isEqualTo(nanos(2400));
    assertThat(check.state.standing().inARow()).isEqualTo(-3);
    check.look(2500, 2501, GOOD);
    assertThat(check.health()).isEqualTo(Health.DOWN);
    check.look(3000, 3001, GOOD);
    assertThat(check.health()).isEqualTo(Health.UP);
  }

  @Test
  void aLookThatNeverComesBackFailsInEachPeriod() {
    Driver check = new Driver(USUAL);
    assertThat(check.tick(0)).isEqualTo(Step.LOOK);
    assertThat(check.runTo(400)).isEqualTo(Step.GIVE_UP);
    check.state.gaveUp(new Failed("writing"), nanos(400));
    for (int period = 1; period <= 5; period++) {
      assertThat(check.next()).isEqualTo(period * 500L + 400);
      assertThat(check.tick(period * 500L + 399)).isEqualTo(Step.WAIT);
      assertThat(check.state.standing().looks()).isEqualTo(period);
      assertThat(check.tick(period * 500L + 400)).isEqualTo(Step.WAIT);
      assertThat(check.state.standing().looks()).isEqualTo(period + 1);
    }
    assertThat(check.health()).isEqualTo(Health.DOWN);
    assertThat(check.state.standing().text())
        .isEqualTo("a look begun 2 s ago has not come back; before: writing");
    // When it does, the next one begins at once, and the one after that in its turn.
    assertThat(check.state.answered(GOOD, nanos(3050))).isFalse();
    assertThat(check.tick(3050)).isEqualTo(Step.LOOK);
    assertThat(check.state.answered(GOOD, nanos(3060))).isTrue();
    assertThat(check.next()).isEqualTo(3500);
  }

  @Test
  void periodsInWhichThisProcessDidNotRunAreNotCounted() {
    Driver check = new Driver(USUAL);
    check.look(0, 1, GOOD);
    check.look(500, 501, GOOD);
    check.look(60_020, 60_021, GOOD);
    assertThat(check.next()).isEqualTo(60_500);
    assertThat(check.state.standing().looks()).isEqualTo(3);
  }

  @Test
  void whatCannotBeLookedCountsForNothingAndIsShown() {
    Driver check = new Driver(schedule(500, 400, 2, 1));
    check.look(0, 1, GOOD);
    check.look(500, 501, BAD);
    Standing before = check.state.standing();
    for (int period = 2; period < 10; period++) {
      check.look(period * 500L, period * 500L + 1, new Unable("no descriptor"));
      assertThat(check.state.standing()).isEqualTo(before.unable("no descriptor"));
    }
    check.look(5000, 5001, BAD);
    assertThat(check.health()).isEqualTo(Health.DOWN);
    assertThat(check.state.standing().looks()).isEqualTo(3);
    assertThat(check.state.standing().unable()).isEmpty();
  }

  @Test
  void aStallWithinALookPutsItsEndOff() {
    Driver check = new Driver(schedule(500, 400, 1, 1));
    assertThat(check.tick(0)).isEqualTo(Step.LOOK);
    assertThat(check.runTo(100)).isEqualTo(Step.WAIT);
    // Wanted to run at 150 and did at 250; and again.
    assertThat(check.tick(250)).isEqualTo(Step.WAIT);
    assertThat(check.state.deadlineNanos()).isEqualTo(nanos(500));
    assertThat(check.tick(350)).isEqualTo(Step.WAIT);
    assertThat(check.runTo(549)).isEqualTo(Step.WAIT);
    assertThat(check.runTo(550)).isEqualTo(Step.GIVE_UP);
    check.state.gaveUp(BAD, nanos(550));
    assertThat(check.health()).isEqualTo(Health.DOWN);
    // And the period that it lasted into is not made up for.
    assertThat(check.next()).isEqualTo(900);
  }

  @Test
  void aLookDuringWhichThisProcessWasStoppedGoesOnWhereItWas() {
    Driver check = new Driver(schedule(500, 400, 1, 1));
    assertThat(check.tick(0)).isEqualTo(Step.LOOK);
    assertThat(check.runTo(300)).isEqualTo(Step.WAIT);
    // Stopped, and 30 s later resumed: 350 ms of it have passed.
    assertThat(check.tick(30_350)).isEqualTo(Step.WAIT);
    assertThat(check.runTo(30_399)).isEqualTo(Step.WAIT);
    assertThat(check.state.answered(GOOD, nanos(30_399))).isTrue();
    assertThat(check.health()).isEqualTo(Health.UP);

    // Stopped when its time was nearly over: what has come is taken first.
    assertThat(check.tick(30_500)).isEqualTo(Step.LOOK);
    assertThat(check.runTo(30_899)).isEqualTo(Step.WAIT);
    assertThat(check.tick(90_000)).isEqualTo(Step.WAIT);
    assertThat(check.runTo(90_049)).isEqualTo(Step.WAIT);
    assertThat(check.runTo(90_050)).isEqualTo(Step.GIVE_UP);
    check.state.gaveUp(BAD, nanos(90_050));
    assertThat(check.health()).isEqualTo(Health.DOWN);
  }

  @Test
  void aMachineThatIsAlwaysLateStillFindsADeadServer() {
    for (int late = 5; late < 5000; late += 7) {
      Driver check = new Driver(schedule(500, 400, 1, 1));
      assertThat(check.tick(0)).isEqualTo(Step.LOOK);
      long now = 0;
      Step step = Step.WAIT;
      while (step == Step.WAIT) {
        now = check.next() + late;
        step = check.tick(now);
        // Its time, stalls up to as much again and one beyond, and three moments of grace.
        assertThat(now).as("late by %d", late).isLessThan(2 * 400 + late + 4 * (50L + late));
      }
      assertThat(step).isEqualTo(Step.GIVE_UP);
      assertThat(now).isGreaterThan(400 + late);
    }
  }

  /**
   * Whoever answers in time is never called missing for stalls of this process, but for the 50 ms
   * by which those are seen too short.
   */
  @Test
  void stallsOfThisProcessFailNobodyWhoAnswersInTime() {
    long seed = System.nanoTime();
    System.out.println("CheckStateTest seed " + seed);
    Random random = new Random(seed);
    for (int run = 0; run < 2000; run++) {
      int timeout = 80 + random.nextInt(400);
      Driver check = new Driver(schedule(500, timeout, 1, 1));
      assertThat(check.tick(0)).isEqualTo(Step.LOOK);
      long answer = 1L + random.nextInt(timeout - 60);
      int stalls = random.nextInt(4);
      long now = 0;
      while (now < answer) {
        long wanted = Math.min(check.next(), answer);
        boolean stalled = stalls > 0 && random.nextInt(3) == 0;
        stalls -= stalled ? 1 : 0;
        now = wanted + (stalled ? random.nextInt(random.nextBoolean() ? 100 : 30_000) : 0);
        assertThat(check.tick(now)).as("seed %d, run %d", seed, run).isEqualTo(Step.WAIT);
      }
      // It is there; taking it takes a moment more.
      assertThat(check.runTo(now + 5)).as("seed %d, run %d", seed, run).isEqualTo(Step.WAIT);
      assertThat(check.state.answered(GOOD, nanos(now + 5))).isTrue();
    }
  }

  @Test
  void whatIsMissingAfterAStallIsAFailureOnlyIfItDoesNotComeBackThen() {
    Driver check = new Driver(schedule(500, 400, 1, 1));
    assertThat(check.tick(0)).isEqualTo(Step.LOOK);
    assertThat(check.runTo(400)).isEqualTo(Step.GIVE_UP);
    check.state.gaveUp(BAD, nanos(400));
    assertThat(check.tick(60_000)).isEqualTo(Step.WAIT);
    assertThat(check.state.standing().looks()).isEqualTo(1);
    assertThat(check.next()).isEqualTo(60_050);
    assertThat(check.state.answered(GOOD, nanos(60_020))).isFalse();
    check.look(60_020, 60_021, GOOD);
    assertThat(check.health()).isEqualTo(Health.UP);

    assertThat(check.tick(60_500)).isEqualTo(Step.LOOK);
    assertThat(check.runTo(60_900)).isEqualTo(Step.GIVE_UP);
    check.state.gaveUp(BAD, nanos(60_900));
    assertThat(check.tick(120_000)).isEqualTo(Step.WAIT);
    // However late it is then: it was not there for a minute.
    assertThat(check.tick(120_400)).isEqualTo(Step.WAIT);
    assertThat(check.state.standing().looks()).isEqualTo(4);
    assertThat(check.next()).isEqualTo(120_900);
  }

  @Test
  void otherTimesLeaveWhatWasCounted() {
    Driver check = new Driver(schedule(60_000, 1000, 3, 1));
    check.look(0, 1, GOOD);
    assertThat(check.next()).isEqualTo(60_000);
    check.state.reschedule(schedule(500, 400, 3, 1), nanos(100));
    assertThat(check.health()).isEqualTo(Health.UP);
    assertThat(check.next()).isEqualTo(600);
    check.look(600, 601, BAD);
    check.state.reschedule(schedule(1000, 400, 1, 1), nanos(700));
    assertThat(check.next()).isEqualTo(1100);
  }

  /** One result, and when. */
  private record Result(long at, boolean passed) {}

  /** What will become of one look. */
  private record Fate(long lasts, boolean passes) {}

  private static final long FOREVER = 1_000_000;

  private static List<Fate> fates(Random random, int timeout) {
    List<Fate> fates = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      long lasts =
          switch (random.nextInt(12)) {
            case 0 -> timeout + random.nextInt(5 * timeout);
            case 1 -> timeout - 1 + random.nextInt(3);
            default -> random.nextInt(timeout);
          };
      fates.add(new Fate(Math.max(1, lasts), random.nextInt(3) > 0));
    }
    if (random.nextInt(4) == 0) {
      fates.set(random.nextInt(100), new Fate(FOREVER, true));
    }
    return fates;
  }

  /** What is to come out, by going through every millisecond. */
  private static List<Result> naive(Schedule schedule, List<Fate> fates, int until) {
    long every = schedule.every().toMillis();
    long timeout = schedule.timeout().toMillis();
    List<Result> results = new ArrayList<>();
    int looks = 0;
    boolean looking = false;
    boolean decided = false;
    long start = 0;
    // The last period that had a look or a failure in place of one.
    long period = -1;
    for (long now = 0; now < until; now++) {
      if (looking && now == start + fates.get(looks - 1).lasts) {
        looking = false;
        if (!decided) {
          results.add(new Result(now, fates.get(looks - 1).passes));
        }
      }
      if (looking && !decided && now == start + timeout) {
        decided = true;
        results.add(new Result(now, false));
      } else if (looking && decided && now == (period + 1) * every + timeout) {
        period++;
        results.add(new Result(now, false));
      }
      if (!looking && now / every > period) {
        looking = true;
        decided = false;
        start = now;
        period = now / every;
        looks++;
      }
    }
    return results;
  }

  /** What does come out, if it is asked when it wants to be. */
  private static List<Result> actual(Schedule schedule, List<Fate> fates, int until) {
    CheckState state = begun(schedule);
    List<Result> results = new ArrayList<>();
    int looks = 0;
    boolean looking = false;
    long back = 0;
    long now = 0;
    while (now < until) {
      long before = state.standing().looks();
      if (looking && back == now) {
        looking = false;
        state.answered(fates.get(looks - 1).passes ? GOOD : BAD, nanos(now));
      }
      switch (state.tick(nanos(now))) {
        case WAIT -> {}
        case LOOK -> {
          assertThat(looking).isFalse();
          looking = true;
          back = now + fates.get(looks++).lasts;
        }
        case GIVE_UP -> {
          assertThat(looking).isTrue();
          state.gaveUp(BAD, nanos(now));
        }
      }
      assertThat(state.standing().looks() - before).isBetween(0L, 1L);
      if (state.standing().looks() > before) {
        results.add(new Result(now, state.standing().inARow() > 0));
      }
      long next = Math.max(now, state.nextNanos() / 1_000_000);
      now = looking ? Math.min(next, back) : next;
    }
    return results;
  }

  private static Health judge(List<Result> results, Schedule schedule) {
    Health health = Health.UNKNOWN;
    for (int end = 1; end <= results.size(); end++) {
      if (allLast(results, end, schedule.rise(), true)) {
        health = Health.UP;
      } else if (allLast(results, end, schedule.fall(), false)) {
        health = Health.DOWN;
      }
    }
    return health;
  }

  private static boolean allLast(List<Result> results, int end, int count, boolean passed) {
    return end >= count
        && results.subList(end - count, end).stream().allMatch(one -> one.passed == passed);
  }

  @Test
  void randomLooksComeToWhatAPlainReckoningSays() {
    long seed = System.nanoTime();
    System.out.println("CheckStateTest seed " + seed);
    Random random = new Random(seed);
    for (int run = 0; run < 500; run++) {
      int every = 5 + random.nextInt(40);
      int timeout = 2 + random.nextInt(every - 2);
      Schedule schedule = schedule(every, timeout, 1 + random.nextInt(4), 1 + random.nextInt(4));
      List<Fate> fates = fates(random, timeout);
      int until = 100 + random.nextInt(1000);
      List<Result> expected = naive(schedule, fates, until);
      assertThat(actual(schedule, fates, until))
          .as("run %d of seed %d: %s", run, seed, schedule)
          .isEqualTo(expected);
      Standing standing = Standing.unknown(0);
      for (int i = 0; i < expected.size(); i++) {
        Result one = expected.get(i);
        standing = standing.after(one.passed ? GOOD : BAD, Duration.ZERO, schedule, nanos(one.at));
        assertThat(standing.health()).isEqualTo(judge(expected.subList(0, i + 1), schedule));
      }
    }
  }

  /** Asked late by any amount, it still counts nothing twice and never has two looks. */
  @Test
  void lateTicksCountNothingTwice() {
    long seed = System.nanoTime();
    System.out.println("CheckStateTest seed " + seed);
    Random random = new Random(seed);
    for (int run = 0; run < 300; run++) {
      int every = 50 + random.nextInt(400);
      Schedule schedule = schedule(every, 1 + random.nextInt(every), 2, 2);
      CheckState state = begun(schedule);
      boolean looking = false;
      boolean decided = false;
      long now = 0;
      for (int i = 0; i < 300; i++) {
        now += random.nextInt(10) == 0 ? random.nextInt(5000) : random.nextInt(every);
        long before = state.standing().looks();
        if (looking && random.nextInt(3) == 0) {
          looking = false;
          assertThat(state.answered(GOOD, nanos(now))).isEqualTo(!decided);
        } else {
          switch (state.tick(nanos(now))) {
            case WAIT -> {}
            case LOOK -> {
              assertThat(looking).as("seed %d", seed).isFalse();
              looking = true;
              decided = false;
            }
            case GIVE_UP -> {
              assertThat(looking && !decided).as("seed %d", seed).isTrue();
              decided = true;
              state.gaveUp(BAD, nanos(now));
            }
          }
        }
        assertThat(state.standing().looks() - before).as("seed %d", seed).isBetween(0L, 1L);
        assertThat(state.standing().looks()).isLessThanOrEqualTo(now / every + 1);
      }
    }
  }
}
