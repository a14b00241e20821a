package org.hotspare.config;

/**
 * What the mirror may take of the machine.
 *
 * @param bytesPerSecond of the network, to all standbys together; {@link #UNLIMITED} for no limit
 * @param processors kept busy: 0.5 is half of one, 2 is two; infinite for no limit
 */
public record Limits(long bytesPerSecond, double processors, Compression compression) {
  public static final long UNLIMITED = Long.MAX_VALUE;
  public static final Limits DEFAULT =
      new Limits(UNLIMITED, Double.POSITIVE_INFINITY, Compression.AUTO);
}
