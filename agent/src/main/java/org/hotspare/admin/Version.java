package org.hotspare.admin;

import java.util.Objects;

/** The version of this program. */
public final class Version {
  private Version() {}

  /** As in the jar's manifest; {@code development} when it does not run from its jar. */
  public static String current() {
    return Objects.requireNonNullElse(
        Version.class.getPackage().getImplementationVersion(), "development");
  }
}
