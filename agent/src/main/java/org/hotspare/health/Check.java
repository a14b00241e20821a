package org.hotspare.health;

/**
 * What to look at, and when.
 *
 * @param name what people know it by; no two checks that run together have the same
 */
public record Check(String name, Probe probe, Schedule schedule) {}
