package org.hotspare.failover;

import java.util.Set;
import java.util.function.Consumer;
import org.hotspare.lease.ClusterRecord.Version;
import org.hotspare.lease.Roles;
import org.hotspare.lease.SimJudge.Violation;
import org.hotspare.lease.SimWorld;

/**
 * The cluster's record: one register for all its voters, of which nodes learn late, and whose
 * answers may be lost, though the write was done or is still to be. Where it is rebuilt there are
 * two, of which those that were off know the old one.
 */
final class SimRecord {
  /** What becomes of a write. */
  enum Outcome {
    DECIDED,
    UNKNOWN
  }

  private final SimCluster cluster;
  private final SimWorld world;
  private final BrokenRule broken;
  private final Set<String> voters;
  private Version current;

  SimRecord(SimCluster cluster, BrokenRule broken, Set<String> voters, Version begun) {
    this.cluster = cluster;
    this.world = cluster.world();
    this.broken = broken;
    this.voters = Set.copyOf(voters);
    this.current = begun;
  }

  Set<String> voters() {
    return voters;
  }

  Version current() {
    return current;
  }

  /** Tells the outcome at most once. */
  void write(SimAgent by, Action.WriteRecord write, Consumer<Outcome> told) {
    boolean reaches = cluster.reachesMajority(by);
    boolean lost = !world.isCalm() && world.chance(10);
    long slowest = world.isCalm() || !world.chance(10) ? 50_000_000 : 3_000_000_000L;
    if (reaches) {
      world.after(world.random(500_000, slowest), () -> apply(by, write));
    }
    boolean known = reaches && !lost;
    long answer = known ? slowest + world.random(500_000, 5_000_000) : 1_000_000_000;
    world.after(answer, () -> told.accept(known ? Outcome.DECIDED : Outcome.UNKNOWN));
  }

  private void apply(SimAgent by, Action.WriteRecord write) {
    if (write.version() != current.number() && broken != BrokenRule.RECORD_NOT_COMPARED) {
      return;
    }
    Roles before = current.roles();
    if (write.roles().epoch() < before.epoch()) {
      throw new Violation("the epoch of the record fell by a write of " + by.name());
    }
    current = new Version(current.number() + 1, write.roles());
    if (write.roles().epoch() > before.epoch()) {
      cluster.promoted(by, before, this);
    }
    cluster.written(this);
  }
}
