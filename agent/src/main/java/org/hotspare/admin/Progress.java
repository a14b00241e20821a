package org.hotspare.admin;

/**
 * How far a copy or a comparison has come.
 *
 * @param totalBytes 0 if unknown, as while a tree is still being read
 * @param totalEntries as {@code totalBytes}
 * @param bytesPerSecond lately
 * @param secondsLeft -1 if it cannot be told
 */
public record Progress(
    long doneBytes,
    long totalBytes,
    long doneEntries,
    long totalEntries,
    long bytesPerSecond,
    long secondsLeft) {}
