package org.hotspare.admin;

/**
 * A file that cannot be mirrored, while all others are.
 *
 * @param path relative to the mirror's root, printable
 * @param reason in words for people, without the path
 */
public record Problem(String path, String reason) {}
