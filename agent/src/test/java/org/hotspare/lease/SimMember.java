package org.hotspare.lease;

import java.time.Duration;
import org.hotspare.wire.Frame.Lease;

/** A node with what stands in for the policy: whoever hears of no primary stands for election. */
final class SimMember implements SimNode.Host {
  private final SimCluster cluster;
  private final SimWorld world;
  private final SimNode node;
  private long heardOfPrimary;

  SimMember(String name, SimCluster cluster, Majority voters, Breach breach) {
    this.cluster = cluster;
    this.world = cluster.world();
    this.node = new SimNode(name, world, cluster.judge(), voters, this, breach);
  }

  SimNode node() {
    return node;
  }

  void start() {
    node.start();
    heardOfPrimary = world.now();
    considerAfter(world.random(0, 3 * world.times().durationNanos()), node.life());
  }

  private void considerAfter(long nanos, long ofLife) {
    long duration = world.times().durationNanos();
    world.after(
        nanos,
        () -> {
          if (node.life() != ofLife) {
            return;
          }
          boolean alone = world.now() - heardOfPrimary > duration;
          if (alone && node.member().heldEpoch() == 0) {
            node.campaign(
                cluster.recordedEpoch(), cluster.fencedEpoch(), Duration.ofNanos(duration / 2));
          }
          considerAfter(world.random(duration / 20, duration), ofLife);
        });
  }

  @Override
  public void send(String to, Lease message) {
    world.send(node.name(), to, () -> cluster.member(to).receive(node.name(), message));
  }

  private void receive(String from, Lease message) {
    switch (message) {
      case Lease.Renewal _ -> heardOfPrimary = world.now();
      case Lease.Release _ -> heardOfPrimary = world.now() - 2 * world.times().durationNanos();
      case Lease.Renewed _, Lease.Superseded _, Lease.Ballot _, Lease.Vote _ -> {}
    }
    node.receive(from, message);
  }

  @Override
  public void endorsed(long epoch) {
    long ofLife = node.life();
    world.after(
        world.random(100_000, 300_000_000),
        () -> {
          if (node.life() == ofLife && cluster.record(node.name(), epoch)) {
            node.begin(epoch);
          }
        });
  }

  @Override
  public void notEndorsed(long epoch, String reason) {}
}
