package org.hotspare.admin;

/**
 * A path that is not the same on the primary and on a standby.
 *
 * @param path relative to the mirror's root, printable
 * @param what differs, in words for people
 * @param repaired whether the standby has been given the primary's version
 */
public record Difference(String mirror, String node, String path, String what, boolean repaired) {}
