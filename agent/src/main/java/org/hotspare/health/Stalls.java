package org.hotspare.health;

import java.time.Duration;

/**
 * For how long this process did not run although it wanted to.
 *
 * @param longest since the start
 * @param recent the longest of the last minute, or of up to two
 */
public record Stalls(Duration longest, Duration recent) {}
