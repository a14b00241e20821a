package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.GateHost.NODE4;
import static org.hotspare.takeover.GateHost.NODE6;
import static org.hotspare.takeover.GateHost.SERVICE4;
import static org.hotspare.takeover.GateHost.SERVICE6;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hotspare.takeover.Observer.Question;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When the gate is open. */
class GateTest extends GateFixture {
  /** Longer than any of the random ones takes. */
  private static final Duration MOMENT = Duration.ofMillis(100);

  @Test
  void isClosedUntilARoundIsSelected() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    gates.ask("web arm 1 1 60000");
    host.forgetNeighbours();
    assertThat(watch(300, host.observe(10, EVERY_WAY)))
        .isNotEmpty()
        .noneMatch(Question::isAnswered);
    // The client was not told where the service is, nor the host asked so as to learn of the
    // client.
    assertThat(host.onClient("ip neighbour"))
        .doesNotContainPattern("(?m)^(" + SERVICE4 + "|" + SERVICE6 + ") .*lladdr");
    assertThat(host.onServer("ip neighbour"))
        .doesNotContainPattern("(?m)^(" + GateHost.CLIENT4 + "|" + GateHost.CLIENT6 + ") .*lladdr");
    // What is not the service's passes, and so does what stays within the host.
    awaitLocalAnswers(EVERY_WAY);
    awaitAnswers("icmp=" + NODE4, "icmp=" + NODE6);
    assertThat(host.onClient("ip neighbour"))
        .containsPattern(NODE4 + " .*lladdr")
        .containsPattern(NODE6 + " .*lladdr");
    assertThat(gates.ask("web select 1 1")).isEqualTo("true");
    awaitAnswers(EVERY_WAY);
    gates.ask("web shut");
    assertClosed(EVERY_WAY);
  }

  @Test
  void renewalsKeepItOpenWithoutALostPacketAndAFrozenProcessClosesIt() throws InterruptedException {
    GateProcess gates = opened(host.newGates());
    try (Observer observer = host.observe(10, MOVING)) {
      gates.begin("web renew 1 1000 200");
      Thread.sleep(2_500);
      gates.pause();
      Thread.sleep(1_000 + 200);
      List<Question> questions = observer.finish();
      gates.kill();
      GateSteps steps = gates.steps("web");
      assertThat(questions).noneMatch(steps.answeredTooLate());
      // Up to the first renewal that came too late, if the machine was so busy.
      assertThat(questions)
          .filteredOn(steps.askedWhileOpen(MARGIN_NANOS))
          .hasSizeGreaterThan(MOVING.length * 10)
          .allMatch(Question::isAnswered);
    }
  }

  @Test
  void aRoundEndsWhenItsTimeIsOverNeitherLateNorEarly() throws InterruptedException {
    GateProcess gates = opened();
    Observer observer = host.observe(2, "icmp=" + SERVICE4, "icmp=" + SERVICE6);
    for (int round = 2; round <= 6; round++) {
      gates.ask("web arm 1 " + round + " 200");
      gates.ask("web select 1 " + round);
      Thread.sleep(250);
    }
    List<Question> questions = observer.finish();
    GateSteps steps = gates.steps("web");
    assertThat(questions).noneMatch(steps.answeredTooLate());
    long[] earlyMillis = steps.armed().skip(1).mapToLong(arm -> early(arm, questions)).toArray();
    System.out.println("rounds of 200 ms ended early by ms: " + Arrays.toString(earlyMillis));
    assertThat(earlyMillis).hasSize(5);
    // A busy machine asks late, and its ticks may be late, but not each time.
    assertThat(Arrays.stream(earlyMillis).boxed()).anyMatch(early -> early >= 0 && early < 20);
  }

  /** Negative if a question that was asked after the end was answered. */
  private static long early(GateSteps.Step arm, List<Question> questions) {
    long last =
        questions.stream()
            .filter(Question::isAnswered)
            .mapToLong(Question::sentNanos)
            .filter(sent -> sent <= arm.endsBeforeNanos() + GateSteps.LATE_NANOS)
            .max()
            .orElseThrow();
    return last > arm.endsBeforeNanos()
        ? TimeUnit.NANOSECONDS.toMillis(arm.endsBeforeNanos() - last) - 1
        : TimeUnit.NANOSECONDS.toMillis(arm.endsAfterNanos() - last);
  }

  @Test
  void aLateSelectOpensNothing() throws InterruptedException {
    GateProcess gates = opened();
    Observer observer = host.observe(5, MOVING);
    gates.ask("web arm 1 2 300");
    gates.ask("web select 1 2");
    gates.ask("web arm 1 3 300");
    gates.pause();
    gates.begin("web select 1 3");
    Thread.sleep(400);
    gates.goOn();
    assertThat(gates.answer()).isEqualTo("true");
    // Again, older, never armed, of another epoch, and shut.
    assertThat(gates.ask("web select 1 3")).isEqualTo("false");
    assertThat(gates.ask("web select 1 2")).isEqualTo("false");
    assertThat(gates.ask("web select 1 4")).isEqualTo("false");
    assertThat(gates.ask("web select 2 3")).isEqualTo("false");
    gates.ask("web arm 1 4 60000");
    gates.ask("web shut");
    assertThat(gates.ask("web select 1 4")).isEqualTo("false");
    assertThat(gates.ask("web arm 1 5 60000")).contains("cannot arm round 5 of epoch 1");
    assertThat(gates.ask("web arm 2 1 60000")).isEqualTo("done");
    assertThat(gates.ask("web arm 2 1 60000")).contains("cannot arm round 1 of epoch 2");
    // What is shorter than a tick of the kernel's might be none to it, and so last for ever.
    assertThat(gates.ask("web arm 2 2 9")).contains("for 9000000 ns");
    assertThat(gates.ask("web select 1 4")).isEqualTo("false");
    Thread.sleep(200);
    assertThat(observer.finish()).isNotEmpty().noneMatch(gates.steps("web").answeredTooLate());
    assertClosed(EVERY_WAY);
    assertThat(gates.ask("web select 2 1")).isEqualTo("true");
    awaitAnswers(EVERY_WAY);
    // The first round of another epoch does not wait for the word that the one before is over.
    gates.ask("web arm 3 1 60000");
    assertClosed(EVERY_WAY);
  }

  @Test
  void atRandomMomentsItIsNeverOpenForLongerThanTheNewestRound() throws InterruptedException {
    randomMoments(200);
  }

  @Test
  @Tag("long")
  void atManyRandomMomentsItIsNeverOpenForLongerThanTheNewestRound() throws InterruptedException {
    randomMoments(6_000);
  }

  private static void randomMoments(int moments) throws InterruptedException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    GateProcess gates = opened();
    Observer observer = host.observe(2, "icmp=" + SERVICE4, "icmp=" + SERVICE6);
    gates.begin("web random 1 60 %d %d".formatted(moments, seed));
    assertThat(gates.answer(Duration.ofMinutes(1).plus(MOMENT.multipliedBy(moments))))
        .isEqualTo("done");
    GateSteps steps = gates.steps("web");
    long roundsBegin = steps.selected().skip(1).findFirst().orElseThrow().after();
    assertThat(observer.finish())
        .as("seed %d", seed)
        .noneMatch(steps.answeredTooLate())
        .anyMatch(question -> !question.isAnswered())
        .anyMatch(question -> question.isAnswered() && question.sentNanos() > roundsBegin);
  }

  @Test
  void selectingAndArmingAtOnceDoesBoth() throws InterruptedException {
    GateProcess gates = host.gates();
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    // No round was armed before the first.
    assertThat(gates.ask("web select-and-arm 1 0 1 60000")).isEqualTo("false");
    assertClosed(EVERY_WAY);
    assertThat(gates.ask("web select-and-arm 1 1 2 60000")).isEqualTo("true");
    awaitAnswers(EVERY_WAY);
    assertThat(gates.ask("web select-and-arm 1 2 2 60000"))
        .contains("cannot arm round 2 of epoch 1");
    assertThat(gates.ask("web lost")).isEqualTo("false");
    assertThat(gates.ask("web select-and-arm 1 2 3 10")).isEqualTo("true");
    assertThat(gates.ask("web select-and-arm 1 3 4 10")).isEqualTo("true");
    assertClosed(EVERY_WAY);
    // Rounds of another epoch close it to those before.
    openRound(gates, 2, 1);
    assertThat(gates.ask("web select-and-arm 3 1 1 60000")).isEqualTo("false");
    assertClosed(EVERY_WAY);
  }

  @Test
  void whatWouldGateNothingOrNoPortIsRefused() {
    GateProcess gates = host.gates();
    assertThat(gates.ask("web open owned - -")).contains("a gate for no address and no port");
    assertThat(gates.ask("web open owned - 80,0")).contains("port 0 is not between 1 and 65535");
    assertThat(gates.ask("web open owned - 65536")).contains("port 65536 is not");
    String many =
        IntStream.rangeClosed(1, 500).mapToObj(String::valueOf).collect(Collectors.joining(","));
    assertThat(gates.ask("web open owned - " + many)).contains("bytes of messages");
    String enough = many.substring(0, many.indexOf(",151"));
    assertThat(gates.ask("web open owned " + BOTH + " " + enough)).isEqualTo("owned");
  }
}
