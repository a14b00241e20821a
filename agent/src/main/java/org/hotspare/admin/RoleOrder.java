package org.hotspare.admin;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Objects;

/** What an operator wants of the roles in a cluster with a lease. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "order")
@JsonSubTypes({
  @JsonSubTypes.Type(value = RoleOrder.Switchover.class, name = "switchover"),
  @JsonSubTypes.Type(value = RoleOrder.Failover.class, name = "failover"),
  @JsonSubTypes.Type(value = RoleOrder.Pause.class, name = "pause"),
  @JsonSubTypes.Type(value = RoleOrder.Resume.class, name = "resume")
})
public sealed interface RoleOrder {
  /**
   * The primary hands over, without loss. For the primary.
   *
   * @param to empty where any standby will do
   */
  record Switchover(String to) implements RoleOrder {
    public Switchover {
      Objects.requireNonNull(to, "to");
    }
  }

  /**
   * A standby is to be primary though nobody hands over to it. For that standby.
   *
   * @param to its name
   * @param acceptLoss though it may lack what others have
   * @param othersAreOff though no majority can be reached: whoever asks knows that all others are
   *     off
   */
  record Failover(String to, boolean acceptLoss, boolean othersAreOff) implements RoleOrder {
    public Failover {
      Objects.requireNonNull(to, "to");
    }
  }

  /**
   * Hands off: nobody is promoted.
   *
   * @param forMillis 0 where it lasts until it is resumed
   */
  record Pause(String reason, long forMillis) implements RoleOrder {
    public Pause {
      Objects.requireNonNull(reason, "reason");
      if (forMillis < 0) {
        throw new IllegalArgumentException("forMillis is negative");
      }
    }
  }

  /** Ends a pause. */
  record Resume() implements RoleOrder {}
}
