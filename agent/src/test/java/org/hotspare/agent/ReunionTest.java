package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hotspare.config.Configuration;
import org.hotspare.failover.Report;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.FoundedRecord;
import org.hotspare.lease.Founding;
import org.hotspare.lease.LeaseTimes;
import org.hotspare.lease.Roles;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** By which record one of three nodes goes that cannot be reached, and hears of others. */
final class ReunionTest {
  private static final Set<String> ALL = Set.of("alpha", "beta", "gamma");
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path base;

  private final List<String> told = new CopyOnWriteArrayList<>();
  private Membership membership;

  @BeforeEach
  void begin() throws Exception {
    Files.createDirectory(base.resolve("state"));
    membership = start();
  }

  @AfterEach
  void end() throws IOException {
    membership.close();
  }

  private Membership start() throws Exception {
    Configuration configuration =
        Configuration.parse(
            """
            cluster: web
            nodes:
              alpha: {address: "127.0.0.1:7400"}
              beta: {address: "127.0.0.2:7400"}
              gamma: {address: "127.0.0.3:7400", witness: true}
            mirrors:
              www: {path: %1$s/www}
            lease: {duration: 1s}
            state: %1$s/state
            """
                .formatted(base),
            base.resolve("web.yaml"));
    return Membership.start(
        configuration,
        Objects.requireNonNull(configuration.nodes().get("alpha")),
        LeaseTimes.of(Objects.requireNonNull(configuration.lease())),
        new NoGate(),
        node -> {
          throw new IOException(node + " cannot be reached");
        },
        new Membership.Listeners(
            new LeasedRoles.OnlyVotes(),
            _ -> {},
            told::add,
            told::add,
            (_, _) -> Bytes.wrap(new byte[0])));
  }

  private FoundedRecord record() {
    return membership.record();
  }

  private static Founding founding(String founder, long epoch, Set<String> members) {
    Roles roles = new Roles(epoch, founder, Set.of(), members, null);
    ClusterRecord.Version begun = new ClusterRecord.Version(7, roles);
    return new Founding(epoch, founder, new TreeSet<>(members), begun, 0);
  }

  private static Founding alone(String founder, long epoch) {
    return founding(founder, epoch, Set.of(founder));
  }

  private void hear(String from, Founding founding, long epoch) {
    Report report = new Report(epoch, 0, Map.of(), "", "", Map.of());
    membership.hear(from, new ReportCodec.Told(report, founding.isFirst() ? null : founding));
  }

  /** Told again and again, as nodes do: what comes while it adopts another is passed over. */
  private void awaitAdopting(String from, Founding founding, long epoch)
      throws InterruptedException {
    await(
        "it goes by " + founding,
        () -> {
          hear(from, founding, epoch);
          return record().founding().isSame(founding);
        });
  }

  private void awaitGoingBy(Founding founding) throws InterruptedException {
    await("it goes by " + founding, () -> record().founding().isSame(founding));
  }

  @Test
  void theHigherEpochCountsAlsoAfterTheNextStart() throws Exception {
    Founding beta = alone("beta", 1005);
    awaitAdopting("gamma", beta, 1005);
    await("it is told", () -> told.toString().contains("beta decides alone since"));
    assertThat(record().current()).isEqualTo(beta.begun());

    hear("gamma", Founding.first(ALL), 9);
    hear("gamma", alone("gamma", 1004), 1004);
    membership.close();
    membership = start();
    awaitGoingBy(beta);

    Founding gamma = alone("gamma", 1004);
    awaitAdopting("gamma", gamma, 1006);
    hear("beta", beta, 1005);
    Founding shared = founding("gamma", 1006, ALL);
    awaitAdopting("gamma", shared, 1007);
    assertThat(record().isMember()).isTrue();
  }

  /** Its founder told that it was that far in the one before, and nothing since. */
  @Test
  void whatAFounderSharesFollowsWhatItKeptAlone() throws Exception {
    Founding beta = alone("beta", 1005);
    awaitAdopting("beta", beta, 1006);
    Founding shared = founding("beta", 1006, ALL);
    awaitAdopting("gamma", shared, 1006);
    hear("gamma", beta, 1006);
    awaitAdopting("gamma", alone("gamma", 2000), 2000);
    assertThat(told.toString()).containsOnlyOnce("beta decides alone");
  }

  @Test
  void whatThisClusterCannotHaveIsNotHeeded() throws Exception {
    hear("beta", founding("stranger", 1005, Set.of("stranger")), 1005);
    hear("beta", founding("../../beta", 1005, Set.of("../../beta")), 1005);
    hear("beta", founding("beta", 1005, Set.of("alpha", "beta")), 1005);
    hear("beta", alone("beta", Long.MAX_VALUE), Long.MAX_VALUE);
    awaitAdopting("gamma", alone("gamma", 1005), 1005);
    assertThat(told.toString()).containsOnlyOnce("it is not heeded");
  }

  @Test
  void ofTwoOfTheSameEpochTheFirstByNameCounts() throws Exception {
    Founding gamma = alone("gamma", 1005);
    awaitAdopting("gamma", gamma, 1005);
    Founding beta = alone("beta", 1005);
    awaitAdopting("beta", beta, 1005);
    hear("gamma", gamma, 1005);
    awaitAdopting("gamma", alone("gamma", 2000), 2000);
    assertThat(told.toString()).containsOnlyOnce("beta decides alone");
  }

  /** It is not primary and cannot be: nobody else is there to agree. */
  @Test
  void whoDecidesAloneGoesOnSoUntilAllGoByItsRecord() throws Exception {
    Roles roles = new Roles(1005, "alpha", Set.of(), Set.of("alpha"), null);
    assertThat(record().foundAlone(0, roles, 0)).isTrue();
    Founding own = record().founding();
    hear("beta", own, 1005);
    hear("gamma", own, 1005);
    Roles promoted = roles.promoted("alpha", 1006);
    assertThat(record().compareAndSet(1, promoted, LONG).written())
        .as("it was not shared before it was promoted in it")
        .isTrue();
    hear("beta", Founding.first(ALL), 4);
    hear("gamma", own, 1005);
    assertThat(record().founding()).isEqualTo(own);
    hear("beta", own, 1005);
    await("it is shared", () -> !record().founding().isAlone());
    assertThat(record().founding().members()).isEqualTo(new TreeSet<>(ALL));
    assertThat(record().current().roles()).isEqualTo(promoted.withVoters(ALL));
    assertThat(record().founding().epoch()).isEqualTo(1006);
  }
}
