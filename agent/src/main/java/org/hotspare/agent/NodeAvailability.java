package org.hotspare.agent;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import org.hotspare.admin.Availability;
import org.hotspare.admin.Status;
import org.hotspare.mirror.StandbyMirror;
import org.jspecify.annotations.Nullable;

/** What a running agent tells load balancers. */
final class NodeAvailability implements Availability {
  private final Agent agent;
  private final AgentOperations operations;

  NodeAvailability(Agent agent, AgentOperations operations) {
    this.agent = agent;
    this.operations = operations;
  }

  @Override
  public Verdict primary() {
    if (agent.serves()) {
      return Verdict.yes(self() + " is primary");
    }
    if (!agent.mirrors().isLeading()) {
      return Verdict.no(self() + " is not primary");
    }
    return Verdict.no(
        agent.isPrimary()
            ? self() + " becomes primary, or hands over"
            : self() + " does not hold the lease at this moment");
  }

  @Override
  public Verdict standby(@Nullable Duration maxLag) {
    if (!agent.self().holdsData()) {
      return Verdict.no(self() + " is a witness");
    }
    Collection<StandbyMirror> standbys = agent.standbys().values();
    // While the role changes, some of them are open already, or still.
    if (agent.mirrors().isLeading() || standbys.size() < agent.configuration().mirrors().size()) {
      return Verdict.no(self() + " is not a standby");
    }
    for (StandbyMirror standby : standbys) {
      String missing = missing(standby, maxLag);
      if (!missing.isEmpty()) {
        return Verdict.no("mirror %s of %s %s".formatted(standby.name(), self(), missing));
      }
    }
    return Verdict.yes(self() + " is a standby");
  }

  private static String missing(StandbyMirror standby, @Nullable Duration maxLag) {
    if (!standby.isConnected()) {
      return "is not connected to the primary";
    }
    Optional<Duration> lag = standby.lag();
    if (lag.isEmpty()) {
      return "has not had everything yet since the agent was started";
    }
    return maxLag == null || lag.get().compareTo(maxLag) <= 0
        ? ""
        : "is %.1f s behind".formatted(lag.get().toMillis() / 1000.0);
  }

  @Override
  public Verdict health() {
    return agent.isUp()
        ? Verdict.yes("the agent of %s works".formatted(self()))
        : Verdict.no("the agent of %s is starting or stopping".formatted(self()));
  }

  @Override
  public Status status() {
    return operations.status();
  }

  private String self() {
    return agent.self().name();
  }
}
