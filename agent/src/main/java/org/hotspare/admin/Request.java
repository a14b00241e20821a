package org.hotspare.admin;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a command asks of the agent: one line of JSON, {@code
 * {"command":"wait","timeoutMillis":30000}}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "command")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Request.GetStatus.class, name = "status"),
  @JsonSubTypes.Type(value = Request.Wait.class, name = "wait"),
  @JsonSubTypes.Type(value = Request.Verify.class, name = "verify"),
  @JsonSubTypes.Type(value = Request.Approve.class, name = "approve"),
  @JsonSubTypes.Type(value = Request.Reject.class, name = "reject"),
  @JsonSubTypes.Type(value = Request.ChangeRoles.class, name = "roles"),
  @JsonSubTypes.Type(value = Request.Invite.class, name = "invite"),
  @JsonSubTypes.Type(value = Request.Events.class, name = "events")
})
sealed interface Request {
  /** Of a request's line, in bytes. */
  int MAX_BYTES = 64 * 1024;

  /** For a {@link Status}. */
  record GetStatus() implements Request {}

  /** For a {@link WaitResult}. */
  record Wait(long timeoutMillis) implements Request {
    public Wait {
      if (timeoutMillis < 0) {
        throw new IllegalArgumentException("timeoutMillis is negative");
      }
    }
  }

  /** For {@link Progress} and {@link Difference} as they come, and a {@link VerifyResult}. */
  record Verify(@Nullable String mirror, boolean repair) implements Request {}

  /** For an {@link Answer}. */
  record Approve(@Nullable String mirror, long forMillis) implements Request {
    public Approve {
      if (forMillis < 0) {
        throw new IllegalArgumentException("forMillis is negative");
      }
    }
  }

  /** For an {@link Answer}. */
  record Reject(@Nullable String mirror) implements Request {}

  /** For an {@link Answer}. */
  record ChangeRoles(RoleOrder order) implements Request {
    public ChangeRoles {
      Objects.requireNonNull(order, "order");
    }
  }

  /** For an {@link Invitation}. */
  record Invite(String node) implements Request {
    public Invite {
      Objects.requireNonNull(node, "node");
    }
  }

  /** For the last {@code recent} {@link Event}s, and with {@code follow} all that come. */
  record Events(int recent, boolean follow) implements Request {
    public Events {
      if (recent < 0 || recent > EventLog.MAX_RECENT) {
        throw new IllegalArgumentException("recent is not within 0 and " + EventLog.MAX_RECENT);
      }
    }
  }
}
