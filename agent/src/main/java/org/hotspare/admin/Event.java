package org.hotspare.admin;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened or was decided, for the audit log.
 *
 * @param node where
 * @param mirror null if it concerns no single mirror
 * @param text one sentence for people: what, and why
 */
public record Event(Instant time, String node, Kind kind, @Nullable String mirror, String text) {

  /** What is written in a line of the log; empty where that is torn. */
  static Optional<Event> read(String line) {
    try {
      return Optional.of(Json.read(line, Event.class));
    } catch (IllegalArgumentException torn) {
      return Optional.empty();
    }
  }

  /** What an event is about. */
  public enum Kind {
    /** The agent started or stopped. */
    AGENT,
    /** The node's role or epoch changed. */
    ROLE,
    /** Another node came or went. */
    CONNECTION,
    /** A node, or what claims to be one, was turned away. */
    REFUSED,
    /** A first copy or a scan began or ended. */
    COPY,
    /** A mirror was held, or what was held was approved or rejected. */
    HELD,
    /** How changes are noticed has changed. */
    COVERAGE,
    /** A file cannot be mirrored, or can be again. */
    PROBLEM,
    /** A standby's copy had been changed by someone else. */
    DRIFT,
    /** A standby is far behind or away, or is not any more. */
    LAG,
    /** Fewer voters than a majority can be heard, or enough again. */
    MAJORITY,
    /** A disk is full or broken, or works again. */
    DISK,
    /** The configuration was read again, or differs between nodes. */
    CONFIGURATION,
    /** A certificate was issued, renewed or is about to end. */
    CERTIFICATE,
    /** The command that tells people of events failed, or works again. */
    NOTIFY,
    /** Someone gave a command that changes something. */
    COMMAND;

    /** As in JSON and for people. */
    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
