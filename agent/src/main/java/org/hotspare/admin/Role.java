package org.hotspare.admin;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a node is at this moment. */
public enum Role {
  PRIMARY,
  STANDBY,
  WITNESS;

  /** As in JSON and for people. */
  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
