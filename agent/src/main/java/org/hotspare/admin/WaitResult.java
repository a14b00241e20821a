package org.hotspare.admin;

import java.util.List;

/**
 * What became of a barrier.
 *
 * @param durable whether all that was written before it is durable on every standby
 * @param millis how long that took
 * @param missing which standbys did not confirm, and why, for people; empty if durable
 */
public record WaitResult(boolean durable, long millis, List<String> missing) {
  public WaitResult {
    missing = List.copyOf(missing);
  }
}
