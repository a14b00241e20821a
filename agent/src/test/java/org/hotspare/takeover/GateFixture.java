package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.takeover.GateHost.NODE4;
import static org.hotspare.takeover.GateHost.SERVICE4;
import static org.hotspare.takeover.GateHost.SERVICE6;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.hotspare.takeover.Observer.Question;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** Tests of the gate between real network namespaces, seen by a client who asks without pause. */
abstract class GateFixture {
  static final String[] EVERY_WAY = {
    "icmp=" + SERVICE4,
    "icmp=" + SERVICE6,
    "udp=" + SERVICE4,
    "udp=" + SERVICE6,
    "connect=" + SERVICE4,
    "connect=" + SERVICE6,
  };

  /** What goes on without pause, also on connections that were made while it was open. */
  static final String[] MOVING = {
    "icmp=" + SERVICE4,
    "icmp=" + SERVICE6,
    "tcp=" + SERVICE4,
    "tcp=" + SERVICE6,
    "push=" + SERVICE4,
    "push=" + SERVICE6,
  };

  /**
   * What no gate of these tests is for: it is answered as long as the client and the server run.
   */
  private static final String CONTROL = "push=" + NODE4;

  /** By fewer answers to it, no time has passed in which another question would be answered. */
  private static final int CONTROL_ANSWERS = 8;

  /** An answer takes less, unless the machine is very busy. */
  static final long MARGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  static final String BOTH = SERVICE4 + "," + SERVICE6;
  static final String OPEN = "web open owned " + BOTH + " -";

  static GateHost host;

  @BeforeAll
  static void build() {
    host = new GateHost();
  }

  @AfterAll
  static void remove() {
    host.close();
  }

  @AfterEach
  void tidy() {
    host.tidy();
  }

  /** A process whose gate is open for a minute by round 1 of epoch 1. */
  static GateProcess opened() throws InterruptedException {
    return opened(host.gates());
  }

  static GateProcess opened(GateProcess gates) throws InterruptedException {
    assertThat(gates.ask(OPEN)).isEqualTo("owned");
    openRound(gates, 1, 1);
    awaitAnswers(EVERY_WAY);
    return gates;
  }

  /** Opens it for a minute. */
  static void openRound(GateProcess gates, long epoch, long round) {
    assertThat(gates.ask("web arm %d %d 60000".formatted(epoch, round))).isEqualTo("done");
    assertThat(gates.ask("web select %d %d".formatted(epoch, round))).isEqualTo("true");
  }

  static List<Question> watch(long millis, Observer observer) throws InterruptedException {
    try (observer) {
      Thread.sleep(millis);
      return observer.finish();
    }
  }

  /** Also to one who knows where the addresses are. */
  static void assertClosed(String... targets) throws InterruptedException {
    host.rememberNeighbours();
    assertSilent(targets);
  }

  /** That none of them is answered, while what is not gated is. */
  private static void assertSilent(String... targets) throws InterruptedException {
    List<String> all = new ArrayList<>(List.of(targets));
    all.add(CONTROL);
    long deadline = System.nanoTime() + Await.LIMIT.toNanos();
    List<Question> questions;
    do {
      assertThat(System.nanoTime()).as("waiting for the control").isLessThan(deadline);
      questions = watch(150, host.observe(10, all.toArray(String[]::new)));
      assertThat(questions)
          .filteredOn(question -> !question.target().equals(CONTROL))
          .noneMatch(Question::isAnswered);
    } while (!isTelling(questions, targets));
  }

  /** Whether each was asked, and an answer would have been seen. */
  private static boolean isTelling(List<Question> questions, String... targets) {
    return count(questions, CONTROL) >= CONTROL_ANSWERS
        && List.of(targets).stream().allMatch(target -> count(questions, target) > 0);
  }

  private static long count(List<Question> questions, String target) {
    return questions.stream().filter(question -> question.target().equals(target)).count();
  }

  /** Those that were asked long enough before the observer was told to finish. */
  static Predicate<Question> askedWellBefore(long nanos) {
    return question -> question.sentNanos() < nanos - MARGIN_NANOS;
  }

  /** Waits until each is answered. */
  static void awaitAnswers(String... targets) throws InterruptedException {
    host.forgetNeighbours();
    awaitAnswers(all -> host.observe(10, all), targets);
  }

  /** The same, asked by the server itself. */
  static void awaitLocalAnswers(String... targets) throws InterruptedException {
    awaitAnswers(all -> host.observeLocally(10, all), targets);
  }

  private static void awaitAnswers(Function<String[], Observer> observe, String... targets)
      throws InterruptedException {
    List<String> silent = new ArrayList<>(List.of(targets));
    long deadline = System.nanoTime() + Await.LIMIT.toNanos();
    while (!silent.isEmpty()) {
      assertThat(System.nanoTime()).as("waiting for %s", silent).isLessThan(deadline);
      watch(50, observe.apply(silent.toArray(String[]::new))).stream()
          .filter(Question::isAnswered)
          .forEach(question -> silent.remove(question.target()));
    }
  }
}
