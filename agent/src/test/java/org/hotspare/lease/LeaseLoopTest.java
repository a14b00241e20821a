package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.Await;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lease among three members over real links, by the kernel's clock and on disk. */
final class LeaseLoopTest {
  private static final Duration PATIENCE = Duration.ofMillis(300);

  @TempDir Path base;

  private final Map<String, TestMember> members = new TreeMap<>();

  private Map<String, Integer> startAll() throws IOException {
    Map<String, Integer> ports = TestMember.prepare(base);
    for (String node : TestMember.NODES) {
      members.put(node, new TestMember(node, base, ports));
    }
    return ports;
  }

  @AfterEach
  void stop() throws IOException {
    for (TestMember member : members.values()) {
      member.close();
    }
  }

  private TestMember member(String node) {
    return Objects.requireNonNull(members.get(node));
  }

  /** Stands until it is endorsed, and begins. Answers the epoch. */
  private long promote(String node, long recordedEpoch) throws InterruptedException {
    TestMember member = member(node);
    long deadline = System.nanoTime() + Await.LIMIT.toNanos();
    while (System.nanoTime() < deadline) {
      member.lease().campaign(recordedEpoch, 0, PATIENCE);
      String news = next(member);
      if (news.startsWith("endorsed ")) {
        long epoch = Long.parseLong(news.substring("endorsed ".length()));
        member.lease().begin(epoch);
        assertThat(next(member)).isEqualTo("holds " + epoch);
        return epoch;
      }
      assertThat(news).startsWith("not endorsed");
    }
    throw new AssertionError(node + " was never endorsed");
  }

  private static String next(TestMember member) throws InterruptedException {
    return Objects.requireNonNull(
        member.news().poll(Await.LIMIT.toSeconds(), TimeUnit.SECONDS), "no news");
  }

  private void cutOff(String node) {
    for (String other : TestMember.NODES) {
      if (!other.equals(node)) {
        member(node).cutOff(other);
        member(other).cutOff(node);
      }
    }
  }

  private void assertNeverTwo() {
    List<TestGate.Interval> all = new ArrayList<>();
    members.values().forEach(member -> all.addAll(member.gate().intervals()));
    all.sort((one, other) -> Long.compare(one.fromNanos(), other.fromNanos()));
    for (int i = 1; i < all.size(); i++) {
      TestGate.Interval before = all.get(i - 1);
      TestGate.Interval after = all.get(i);
      assertThat(after.fromNanos())
          .as("%s, %s", before, after)
          .isGreaterThanOrEqualTo(before.untilNanos());
      assertThat(after.epoch()).isGreaterThanOrEqualTo(before.epoch());
    }
  }

  @Test
  void whoIsEndorsedHoldsItUntilItIsReleasedAndNobodyWaitsThen() throws Exception {
    startAll();
    assertThat(member("alpha").lease().heldEpoch()).isZero();
    assertThat(promote("alpha", 0)).isEqualTo(1);
    await("several rounds", () -> member("alpha").gate().intervals().size() > 5);
    assertThat(member("alpha").lease().heldEpoch()).isEqualTo(1);
    assertThat(member("alpha").gate().isOpen()).isTrue();

    // Nobody else is endorsed meanwhile.
    member("beta").lease().campaign(1, 0, PATIENCE);
    assertThat(next(member("beta"))).startsWith("not endorsed 2");

    assertThat(member("beta").timesFreed()).isZero();
    member("alpha").lease().release("asked for");
    assertThat(next(member("alpha"))).isEqualTo("over 1: asked for");
    await("the others are told", () -> member("beta").timesFreed() == 1);
    assertThat(member("alpha").lease().heldEpoch()).isZero();
    assertThat(member("alpha").gate().isOpen()).isFalse();
    assertThat(promote("beta", 1)).isEqualTo(2);
    assertNeverTwo();
  }

  @Test
  void whoIsCutOffStopsBeforeAnotherIsEndorsed() throws Exception {
    startAll();
    SplittableRandom random = new SplittableRandom();
    String holder = "alpha";
    long epoch = promote(holder, 0);
    for (int i = 0; i < 3; i++) {
      int rounds = 1 + random.nextInt(5);
      TestGate gate = member(holder).gate();
      int before = gate.intervals().size();
      await("rounds", () -> gate.intervals().size() >= before + rounds);
      cutOff(holder);
      String next = TestMember.NODES.get((TestMember.NODES.indexOf(holder) + 1) % 3);
      long promoted = promote(next, epoch);
      assertThat(promoted).isGreaterThan(epoch);
      assertThat(next(member(holder)))
          .isEqualTo("over " + epoch + ": no majority has acknowledged for too long");
      assertThat(member(holder).lease().heldEpoch()).isZero();
      members.values().forEach(TestMember::heal);
      holder = next;
      epoch = promoted;
    }
    assertNeverTwo();
  }

  /** Who asks is told by the clock, not by the thread that is to notice. */
  @Test
  void whoseThreadStandsStillHoldsItNoLonger() throws Exception {
    startAll();
    long epoch = promote("alpha", 0);
    TestGate gate = member("alpha").gate();
    await("several rounds", () -> gate.intervals().size() > 3);
    synchronized (gate) {
      // Its thread waits for the gate, as it may for the kernel.
      promote("beta", epoch);
      assertThat(member("alpha").lease().heldEpoch()).isZero();
      assertThat(member("alpha").news()).as("it has not noticed").isEmpty();
    }
    assertThat(next(member("alpha"))).startsWith("over " + epoch);
    assertNeverTwo();
  }

  @Test
  void votersThatAreStartedAgainRememberWhomTheyEndorsed() throws Exception {
    Map<String, Integer> ports = startAll();
    long epoch = promote("alpha", 0);
    for (String node : TestMember.NODES) {
      member(node).close();
      members.put(node, new TestMember(node, base, ports));
    }
    // It knows of no epoch before, and stands for the one that was given to alpha.
    assertThat(promote("gamma", 0)).isGreaterThan(epoch);
  }

  /** Nobody may be told that it is free while what was armed may still let clients in. */
  @Test
  void whoCannotShutItsGateHasTheOthersWait() throws Exception {
    startAll();
    long epoch = promote("alpha", 0);
    await("several rounds", () -> member("alpha").gate().intervals().size() > 3);
    member("alpha").gate().fail();
    assertThat(next(member("alpha"))).startsWith("over " + epoch + ": the gate cannot be set");
    promote("beta", epoch);
    assertNeverTwo();
  }

  /** Acknowledgements of the first time would count for rounds of the second. */
  @Test
  void whoWasEndorsedBeginsOnce() throws Exception {
    startAll();
    long epoch = promote("alpha", 0);
    member("alpha").lease().release("asked for");
    assertThat(next(member("alpha"))).startsWith("over " + epoch);
    member("alpha").lease().begin(epoch);
    assertThat(next(member("alpha")))
        .isEqualTo("over " + epoch + ": this node is not endorsed for it any more");
  }

  @Test
  void aVoterWhosePromiseIsDamagedDoesNotVote() throws Exception {
    PromiseFile file = new PromiseFile(base.resolve("promise"));
    assertThat(file.read()).isEqualTo(Promise.NONE);
    file.write(new Promise(7, "beta"));
    assertThat(file.read()).isEqualTo(new Promise(7, "beta"));
    Files.writeString(base.resolve("promise"), "7 be");
    assertThatThrownBy(file::read).isInstanceOf(IOException.class).hasMessageContaining("damaged");
  }

  /** Whatever it acknowledged with the longer one may count still. */
  @Test
  void aVoterIsStartedWithAShorterDurationAndWaitsForTheLongerOneOnce() throws Exception {
    Map<String, Integer> ports = TestMember.prepare(base);
    DurationFile file = new DurationFile(base.resolve("alpha").resolve("lease-duration"));
    assertThat(file.read()).isEqualTo(Duration.ZERO);
    new TestMember("alpha", base, ports, LeaseTimes.of(Duration.ofSeconds(4))).close();
    assertThat(file.read()).isEqualTo(Duration.ofSeconds(4));

    long before = System.nanoTime();
    TestMember shortened = new TestMember("alpha", base, ports);
    members.put("alpha", shortened);
    await("it is free", () -> shortened.lease().isOver());
    assertThat(System.nanoTime() - before).isGreaterThan(4_000_000_000L);
    await("it does not wait for it again", () -> isShort(file));
  }

  private static boolean isShort(DurationFile file) {
    try {
      return file.read().equals(Duration.ofSeconds(1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aVoterDoesNotStartWhereTheDurationIsDamaged() throws Exception {
    Map<String, Integer> ports = TestMember.prepare(base);
    Files.writeString(base.resolve("alpha").resolve("lease-duration"), "20");
    assertThatThrownBy(() -> new TestMember("alpha", base, ports))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("lease-duration is damaged");
  }

  @Test
  void whoWithdrewIsEndorsedNoMoreAndTheOthersGoOn() throws Exception {
    startAll();
    long epoch = promote("alpha", 0);
    member("alpha").lease().withdraw("its file names other voters");
    assertThat(next(member("alpha"))).isEqualTo("over " + epoch + ": its file names other voters");
    assertThat(member("alpha").gate().isOpen()).isFalse();
    long second = promote("beta", epoch);
    member("alpha").lease().campaign(second, 0, PATIENCE);
    assertThat(next(member("alpha"))).endsWith(": its file names other voters");
    assertNeverTwo();
  }

  @Test
  void aSuspendIsToldFromClocksThatRunApart() {
    long second = 1_000_000_000;
    long[] raw = {5 * second};
    long[] boot = {100 * second};
    SuspendWatch watch = new SuspendWatch(() -> raw[0], () -> boot[0]);
    assertThat(watch.happened()).isFalse();
    raw[0] = 15 * second;
    boot[0] = 110 * second + second / 2;
    assertThat(watch.happened()).isFalse();
    raw[0] = 16 * second;
    boot[0] = 113 * second;
    assertThat(watch.happened()).isTrue();
    assertThat(watch.happened()).isFalse();
  }

  @Test
  void aThreadThatWasStalledBetweenTwoReadingsTakesNothingForASuspend() {
    long second = 1_000_000_000;
    long[] raw = {0};
    long[] boot = {0};
    boolean[] stall = {false};
    SuspendWatch watch =
        new SuspendWatch(
            () -> raw[0],
            () -> {
              if (stall[0]) {
                raw[0] += second;
                boot[0] += second;
              }
              return boot[0];
            });
    assertThat(watch.happened()).isFalse();
    stall[0] = true;
    assertThat(watch.happened()).isFalse();
    stall[0] = false;
    assertThat(watch.happened()).isFalse();
  }
}
