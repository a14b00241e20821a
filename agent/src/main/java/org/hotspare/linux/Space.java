package org.hotspare.linux;

/**
 * Room on a filesystem.
 *
 * @param availableBytes what an unprivileged user may still fill
 * @param totalInodes 0 where the filesystem makes inodes as needed
 */
public record Space(
    long totalBytes,
    long availableBytes,
    long totalInodes,
    long availableInodes,
    boolean readOnly) {}
