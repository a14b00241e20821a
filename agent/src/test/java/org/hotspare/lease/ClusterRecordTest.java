package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The record on three members that talk over real links. */
final class ClusterRecordTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Roles FIRST = new Roles(1, "alpha", Set.of("beta"), Set.of("alpha"), null);

  @TempDir Path base;

  private final Map<String, TestMember> members = new TreeMap<>();
  private Map<String, Integer> ports;

  @BeforeEach
  void start() throws IOException {
    ports = TestMember.prepare(base);
    for (String node : TestMember.NODES) {
      start(node);
    }
  }

  @AfterEach
  void stop() throws IOException {
    for (TestMember member : members.values()) {
      member.close();
    }
  }

  private void start(String node) throws IOException {
    members.put(node, new TestMember(node, base, ports));
  }

  private TestMember member(String node) {
    return Objects.requireNonNull(members.get(node));
  }

  private FoundedRecord record(String node) {
    return member(node).record();
  }

  private void stop(String node) throws IOException {
    Objects.requireNonNull(members.remove(node)).close();
  }

  @Test
  void anyMemberSetsItAndAllLearnOfIt() throws Exception {
    assertThat(record("beta").current()).isEqualTo(new ClusterRecord.Version(0, Roles.NONE));
    Roles paused = FIRST.withPause(new Roles.Pause("upgrade", 1_900_000_000));
    long version = 0;
    for (String node : TestMember.NODES) {
      Roles next = version % 2 == 0 ? FIRST : paused;
      assertThat(record(node).compareAndSet(version, next, LONG))
          .isEqualTo(new ClusterRecord.Outcome(true, new ClusterRecord.Version(version + 1, next)));
      version++;
    }
    ClusterRecord.Version last = new ClusterRecord.Version(version, FIRST);
    for (String node : TestMember.NODES) {
      await(node + " learns of it", () -> record(node).current().equals(last));
    }
  }

  @Test
  void whoKnowsAnOlderVersionSetsNothing() throws Exception {
    record("alpha").compareAndSet(0, FIRST, LONG);
    Roles other = FIRST.promoted("gamma", 2);
    assertThat(record("beta").compareAndSet(0, other, LONG))
        .isEqualTo(new ClusterRecord.Outcome(false, new ClusterRecord.Version(1, FIRST)));
  }

  @Test
  void ofThoseWhoSetItAtTheSameTimeOneDoes() throws Exception {
    Map<Long, String> written = new ConcurrentSkipListMap<>();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<?>> done = new ArrayList<>();
      for (String node : TestMember.NODES) {
        Callable<Void> promoting =
            () -> {
              for (int i = 0; i < 100; i++) {
                ClusterRecord.Version now = record(node).current();
                Roles next = now.roles().promoted(node, now.roles().epoch() + 1);
                ClusterRecord.Outcome outcome =
                    record(node).compareAndSet(now.number(), next, LONG);
                if (outcome.written()) {
                  assertThat(written.put(outcome.record().number(), node)).isNull();
                }
              }
              return null;
            };
        done.add(threads.submit(promoting));
      }
      for (Future<?> one : done) {
        one.get();
      }
    }
    long last = record("alpha").compareAndSet(-1, FIRST, LONG).record().number();
    assertThat(written.keySet()).hasSize((int) last);
    for (String node : TestMember.NODES) {
      await(node + " learns of all", () -> record(node).current().number() == last);
      assertThat(primaries(member(node).seen())).isEqualTo(written);
    }
  }

  /** Whoever acts on it and dies knows it when started again, though it had not applied it yet. */
  @Test
  void whatIsToldOfAWriteOrAReadIsDurable() throws Exception {
    ClusterRecord.Version last = new ClusterRecord.Version(0, Roles.NONE);
    for (int i = 0; i < 20; i++) {
      for (String node : TestMember.NODES) {
        Roles next = FIRST.withPromotable(Set.of("s" + last.number()));
        last = record(node).compareAndSet(last.number(), next, LONG).record();
        assertThat(remembered(node)).isEqualTo(last);
      }
      for (String node : TestMember.NODES) {
        assertThat(record(node).read(LONG)).isEqualTo(last);
        assertThat(remembered(node)).isEqualTo(last);
      }
    }
  }

  private ClusterRecord.Version remembered(String node) {
    ClusterRecord.Version none = new ClusterRecord.Version(0, Roles.NONE);
    return new KnownRecord(base.resolve(node).resolve("known-record"), none).version();
  }

  private static Map<Long, String> primaries(List<ClusterRecord.Version> seen) {
    Map<Long, String> primaries = new TreeMap<>();
    seen.forEach(version -> primaries.put(version.number(), version.roles().primary()));
    return primaries;
  }

  @Test
  void withoutAMajorityNothingIsSet() throws Exception {
    record("alpha").compareAndSet(0, FIRST, LONG);
    // Another one may be the leader, and know of it first.
    await("alpha learns of it", () -> record("alpha").current().number() == 1);
    stop("beta");
    stop("gamma");
    assertThatThrownBy(
            () ->
                record("alpha").compareAndSet(1, FIRST.promoted("beta", 2), Duration.ofSeconds(3)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no majority set the cluster's record within 3000 ms");
    assertThat(record("alpha").current().roles()).isEqualTo(FIRST);
  }

  @Test
  @Tag("long")
  void aMemberThatWasAwayLearnsWhatItMissedAlsoFromASnapshot() throws Exception {
    record("alpha").compareAndSet(0, FIRST, LONG);
    await("gamma learns of it", () -> record("gamma").current().number() == 1);
    stop("gamma");
    ClusterRecord.Version written = new ClusterRecord.Version(1, FIRST);
    // More than are kept in the log.
    for (int i = 0; i < 1500; i++) {
      Roles next = FIRST.withPromotable(Set.of("s" + i));
      written = record("alpha").compareAndSet(written.number(), next, LONG).record();
    }
    ClusterRecord.Version last = written;
    start("gamma");
    await("gamma learns of all", () -> record("gamma").current().equals(last));
    assertThat(member("gamma").seen().size()).as("versions seen").isLessThan(1400);

    for (String node : TestMember.NODES) {
      stop(node);
    }
    for (String node : TestMember.NODES) {
      start(node);
      await(node + " remembers", () -> record(node).current().number() > 256);
    }
    assertThat(record("beta").compareAndSet(last.number(), FIRST, LONG).written()).isTrue();
  }

  @Test
  void aLeaderThatIsCutOffIsReplacedAndSetsNothing() throws Exception {
    record("alpha").compareAndSet(0, FIRST, LONG);
    String leader = record("alpha").leader().orElseThrow();
    String other = leader.equals("beta") ? "gamma" : "beta";
    for (String node : TestMember.NODES) {
      if (!node.equals(leader)) {
        member(leader).cutOff(node);
      }
    }
    // What it takes into its own log before anybody else leads must not come true later.
    assertThatThrownBy(
            () -> record(leader).compareAndSet(1, FIRST.promoted("x", 2), Duration.ofMillis(500)))
        .isInstanceOf(IOException.class);
    assertThat(record(other).compareAndSet(1, FIRST.promoted(other, 2), LONG).written()).isTrue();
    member(leader).heal();
    await("the former leader learns of it", () -> record(leader).current().number() == 2);
    assertThat(record(leader).current().roles().primary()).isEqualTo(other);
  }

  @Test
  void aLeaderThatHangsIsReplacedThoughItIsHeard() throws Exception {
    record("alpha").compareAndSet(0, FIRST, LONG);
    String leader = record("alpha").leader().orElseThrow();
    String other = leader.equals("beta") ? "gamma" : "beta";
    try (var _ = member(leader).hang()) {
      ClusterRecord.Outcome outcome =
          record(other).compareAndSet(1, FIRST.promoted(other, 2), LONG);
      assertThat(outcome.written()).isTrue();
      assertThat(record(other).read(LONG)).isEqualTo(outcome.record());
      assertThat(record(other).leader()).isPresent().get().isNotEqualTo(leader);
    }
    await("the former leader learns of it", () -> record(leader).current().number() == 2);
  }
}
