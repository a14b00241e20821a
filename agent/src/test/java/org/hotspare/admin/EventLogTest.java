package org.hotspare.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EventLogTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);

  @TempDir private Path state;

  @SuppressWarnings("NullAway.Init") // set by JUnit
  EventLogTest() {}

  @Test
  void eventsAreLinesOfJson() throws Exception {
    try (EventLog log = EventLog.open(state, "alpha", CLOCK)) {
      log.record(Event.Kind.HELD, "www", "asks\nfirst");
      log.record(Event.Kind.AGENT, null, "started");
    }
    assertThat(Files.readAllLines(state.resolve("events.jsonl")))
        .containsExactly(
            "{\"time\":\"2026-01-02T03:04:05.678Z\",\"node\":\"alpha\",\"kind\":\"held\","
                + "\"mirror\":\"www\",\"text\":\"asks\\nfirst\"}",
            "{\"time\":\"2026-01-02T03:04:05.678000001Z\",\"node\":\"alpha\",\"kind\":\"agent\","
                + "\"mirror\":null,\"text\":\"started\"}");
  }

  @Test
  void eventsOutliveARestartAndATornLine() throws Exception {
    try (EventLog log = EventLog.open(state, "alpha", CLOCK)) {
      log.record(Event.Kind.AGENT, null, "one");
    }
    Files.writeString(state.resolve("events.jsonl"), "{\"time\":\"2026", StandardOpenOption.APPEND);
    try (EventLog log = EventLog.open(state, "alpha", CLOCK)) {
      log.record(Event.Kind.AGENT, null, "two");
      assertThat(log.recent(10)).extracting(Event::text).containsExactly("one", "two");
    }
  }

  @Test
  void fileIsBounded() throws Exception {
    try (EventLog log = EventLog.open(state, "alpha", CLOCK, 4096)) {
      for (int i = 0; i < 1000; i++) {
        log.record(Event.Kind.PROBLEM, "www", "event " + i);
      }
      assertThat(Files.size(state.resolve("events.jsonl"))).isBetween(1L, 4096L);
      assertThat(Files.size(state.resolve("events.jsonl.1"))).isBetween(1L, 4096L);
      assertThat(log.recent(2)).extracting(Event::text).containsExactly("event 998", "event 999");
      assertThat(log.recent(10_000)).hasSizeBetween(20, 100);
      log.record(Event.Kind.PROBLEM, "www", "x".repeat(100_000));
      assertThat(log.recent(1).getFirst().text()).hasSize(4097);
    }
  }

  @Test
  void whoComesBackGoesOnWhereItWasWhateverBecameOfTheFiles() throws Exception {
    try (EventLog log = EventLog.open(state, "alpha", CLOCK, 4096)) {
      for (int i = 0; i < 50; i++) {
        log.record(Event.Kind.PROBLEM, "www", "event " + i);
      }
      Event seen = log.recent(30).getFirst();
      assertThat(seen.text()).isEqualTo("event 20");
      try (EventLog.Subscription follower = log.followAfter(seen.time()).orElseThrow()) {
        for (int i = 50; i < 200; i++) {
          log.record(Event.Kind.PROBLEM, "www", "event " + i);
        }
        for (int i = 21; i < 200; i++) {
          assertThat(follower.next().orElseThrow().text()).isEqualTo("event " + i);
        }
        assertThat(follower.awaits(Duration.ZERO)).isFalse();
      }
      assertThat(log.followAfter(seen.time())).as("not any more").isEmpty();
      assertThat(log.followAfter(NOW.plusSeconds(1))).isEmpty();
    }
  }

  @Test
  void slowFollowerIsToldThatItMissedSome() throws Exception {
    try (EventLog log = EventLog.open(state, "alpha", CLOCK);
        EventLog.Subscription follower = log.follow(0)) {
      for (int i = 0; i < 2000; i++) {
        log.record(Event.Kind.PROBLEM, "www", "event " + i);
      }
      int received = 0;
      while (follower.next().isPresent()) {
        received++;
      }
      assertThat(received).isEqualTo(999);
      assertThat(log.recent(0)).isEmpty();
    }
  }
}
