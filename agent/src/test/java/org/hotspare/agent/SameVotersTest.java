package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hotspare.config.Configuration;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.lease.LeaseTimes;
import org.hotspare.lease.Roles;
import org.hotspare.testing.Await;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that name other voters than the cluster's record make no second majority. */
final class SameVotersTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path base;

  private final BlockingQueue<String> lease = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> problems = new LinkedBlockingQueue<>();

  private static Roles roles(String... voters) {
    return new Roles(1, "alpha", Set.of(), Set.of(voters), null);
  }

  @Test
  void theSameVotersAreRequiredWhereTheRecordNamesAny() {
    SameVoters same = new SameVoters(Set.of("alpha", "beta"), problems::add);
    assertThatCode(() -> same.require(Roles.NONE)).doesNotThrowAnyException();
    assertThatCode(() -> same.require(roles("beta", "alpha"))).doesNotThrowAnyException();
    for (Roles other : List.of(roles("alpha"), roles("alpha", "beta", "gamma"))) {
      assertThatThrownBy(() -> same.require(other))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("configuration alpha, beta vote, by the cluster's record alpha");
    }
    assertThat(problems).isEmpty();
  }

  @Test
  void aRecordOfOthersIsToldOnceAndNotForgotten() {
    SameVoters same = new SameVoters(Set.of("alpha", "beta"), problems::add);
    same.learn(Roles.NONE);
    same.learn(roles("alpha", "beta"));
    assertThatCode(same::requireStill).doesNotThrowAnyException();
    same.learn(roles("alpha"));
    same.learn(roles("alpha", "gamma"));
    same.learn(roles("alpha", "beta"));
    assertThat(problems).hasSize(1);
    assertThatThrownBy(same::requireStill).hasMessage(problems.peek());
  }

  /** The file of a cluster in which alpha is the only voter, so that it is a majority. */
  private Configuration configuration() throws Exception {
    return Configuration.parse(
        """
        cluster: web
        nodes: {alpha: {address: "127.0.0.1:7400"}}
        mirrors:
          www: {path: %1$s/www}
        lease: {duration: 3s}
        state: %1$s/state
        """
            .formatted(base),
        base.resolve("web.yaml"));
  }

  private Membership start() throws Exception {
    Configuration configuration = configuration();
    return Membership.start(
        configuration,
        Objects.requireNonNull(configuration.nodes().get("alpha")),
        LeaseTimes.of(Objects.requireNonNull(configuration.lease())),
        new NoGate(),
        node -> {
          throw new IOException(node + " is off");
        },
        new Membership.Listeners(
            new News(), _ -> {}, _ -> {}, problems::add, (_, _) -> Bytes.wrap(new byte[0])));
  }

  private final class News implements LeaseLoop.Listener {
    @Override
    public void endorsed(long epoch) {
      lease.add("endorsed");
    }

    @Override
    public void notEndorsed(long epoch, String reason) {
      lease.add("not endorsed: " + reason);
    }

    @Override
    public void holds(long epoch) {
      lease.add("holds");
    }

    @Override
    public void over(long epoch, String reason) {
      lease.add("over: " + reason);
    }

    @Override
    public void freed() {}
  }

  private String next() throws InterruptedException {
    return Objects.requireNonNull(
        lease.poll(Await.LIMIT.toSeconds(), TimeUnit.SECONDS), "no news of the lease");
  }

  @Test
  void whoLearnsThatItsFileDiffersVotesNoMoreAndDoesNotStartAgain() throws Exception {
    Files.createDirectory(base.resolve("state"));
    try (Membership membership = start()) {
      await("it may vote", () -> membership.lease().isOver());
      membership.lease().campaign(0, 0, LONG);
      assertThat(next()).isEqualTo("endorsed");
      Roles agreed = roles("alpha");
      assertThat(membership.record().compareAndSet(0, agreed, LONG).written()).isTrue();
      membership.lease().begin(1);
      assertThat(next()).isEqualTo("holds");
      assertThat(problems).isEmpty();

      Roles others = roles("alpha", "beta", "gamma");
      assertThat(membership.record().compareAndSet(1, others, LONG).written()).isTrue();
      String problem = problems.poll(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(problem).contains("alpha vote, by the cluster's record alpha, beta, gamma");
      assertThat(next()).isEqualTo("over: " + problem);
      assertThat(membership.lease().heldEpoch()).isZero();
      membership.lease().campaign(1, 0, LONG);
      assertThat(next()).isEqualTo("not endorsed: " + problem);
    }
    assertThatThrownBy(this::start)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("alpha vote, by the cluster's record alpha, beta, gamma");
    assertThat(problems).as("told once").isEmpty();
  }
}
