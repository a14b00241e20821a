package org.hotspare.lease;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Looks at all nodes at once, as none of them can, after every step: no two gates are open, epochs
 * grow, and nobody is promoted without a majority.
 */
public final class SimJudge {
  /** A rule was broken. */
  public static final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    public Violation(String message) {
      super(message);
    }
  }

  private final SimWorld world;
  private final Set<String> voters;
  private final Map<String, SimGate> gates = new HashMap<>();
  private final Map<Long, Map<String, String>> promises = new HashMap<>();
  private long recordedEpoch;
  private long servingEpoch;
  private String servingNode = "";
  private long promotions;
  private long failovers;

  public SimJudge(SimWorld world, Set<String> voters) {
    this.world = world;
    this.voters = Set.copyOf(voters);
  }

  void watch(String node, SimGate gate) {
    gates.put(node, gate);
  }

  /** A voter's promise has become durable. */
  void promised(String voter, Promise promise) {
    promises.computeIfAbsent(promise.epoch(), _ -> new HashMap<>()).put(voter, promise.candidate());
  }

  /** The record names this node. */
  public void promoted(String node, long epoch) {
    promoted(node, epoch, voters);
  }

  /**
   * The record names this node.
   *
   * @param of whose majority endorses, where that has changed
   */
  public void promoted(String node, long epoch, Set<String> of) {
    if (epoch <= recordedEpoch) {
      throw new Violation("epoch " + epoch + " was recorded after epoch " + recordedEpoch);
    }
    Map<String, String> promised = promises.getOrDefault(epoch, Map.of());
    long endorsements = of.stream().filter(voter -> node.equals(promised.get(voter))).count();
    if (endorsements < of.size() / 2 + 1) {
      throw new Violation(node + " was promoted to epoch " + epoch + " without a durable majority");
    }
    recordedEpoch = epoch;
    promotions++;
  }

  /** The gate of a node may have opened: it must be the only one. */
  public void opened(String node, SimGate gate, long epoch) {
    if (!gate.isOpen(world.now())) {
      return;
    }
    gates.forEach(
        (other, its) -> {
          if (!its.equals(gate) && its.isOpen(world.now())) {
            throw new Violation("two gates are open: those of " + node + " and " + other);
          }
        });
    if (epoch < servingEpoch || (epoch == servingEpoch && !node.equals(servingNode))) {
      throw new Violation("epoch " + epoch + " serves after epoch " + servingEpoch);
    }
    if (!node.equals(servingNode)) {
      failovers++;
    }
    servingEpoch = epoch;
    servingNode = node;
  }

  long recordedEpoch() {
    return recordedEpoch;
  }

  /** How often another node than before began to serve. */
  public long failovers() {
    return failovers;
  }

  /** How often the record was written. */
  public long promotions() {
    return promotions;
  }
}
