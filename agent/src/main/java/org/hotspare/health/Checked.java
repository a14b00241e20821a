package org.hotspare.health;

/** A check and how it stands. */
public record Checked(Check check, Standing standing) {}
