package org.hotspare.admin;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a running agent does on request. Called from many threads at once; a call may take as long
 * as it needs, and is interrupted when the agent stops.
 */
public interface Operations {
  Status status();

  /**
   * The barrier: waits until all that was written before the call is durable on every standby.
   *
   * @throws WrongRequest if this node is not the primary
   */
  WaitResult waitForStandbys(Duration timeout) throws WrongRequest, InterruptedException;

  /**
   * Compares content on all data nodes, while they run.
   *
   * @param mirror null for all
   * @param repair whether the standbys' differing copies are replaced
   * @throws WrongRequest if there is no such mirror, or this node is not the primary
   */
  VerifyResult verify(@Nullable String mirror, boolean repair, VerifyListener listener)
      throws WrongRequest, InterruptedException;

  /**
   * Lets what is held through.
   *
   * @param mirror null for all that is held
   * @param validFor also what would be held within this time from now; zero for only what is held
   * @throws WrongRequest if there is no such mirror
   */
  Answer approve(@Nullable String mirror, Duration validFor) throws WrongRequest;

  /**
   * Brings what is held back to the primary.
   *
   * @param mirror null for all that is held
   * @throws WrongRequest if there is no such mirror
   */
  Answer reject(@Nullable String mirror) throws WrongRequest;

  /**
   * Changes who is primary, or whether that may change by itself; returns when it is done or not.
   *
   * @throws WrongRequest if roles are fixed, or another node has to be asked
   */
  Answer changeRoles(RoleOrder order) throws WrongRequest, InterruptedException;

  /**
   * A one-time token with which that node can join.
   *
   * @throws WrongRequest if the configuration has no such node
   */
  Invitation invite(String node) throws WrongRequest;
}
