package org.hotspare.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.jspecify.annotations.Nullable;

/** What only the whole program can do, lent to the commands by whoever composes it. */
public interface AgentRunner {
  /**
   * Runs the agent until the process is told to end.
   *
   * @throws CommandFailure if it cannot start, or cannot go on
   */
  Outcome run(Configuration configuration, Node node) throws CommandFailure, InterruptedException;

  /**
   * Runs a whole system on this machine until the process is told to end, and tells what happens.
   *
   * @param directory what to copy as the primary's tree; null for a sample
   * @param inPlace whether the directory itself is the primary's tree instead of a copy
   * @param where all of it lies below this directory
   */
  Outcome tryOut(@Nullable Path directory, boolean inPlace, Path where, PrintWriter out)
      throws CommandFailure, InterruptedException;

  /**
   * As {@link #tryOut}, but goes through a takeover and ends.
   *
   * @return whether all went as promised
   */
  Outcome drill(@Nullable Path directory, boolean inPlace, Path where, PrintWriter out)
      throws CommandFailure, InterruptedException;

  /** Removes all that {@link #tryOut} left below {@code where}. */
  Answer removeTrial(Path where) throws CommandFailure;

  /** Makes the cluster, on the first of its nodes: its certificate authority and its identity. */
  Answer init(Configuration configuration, Node node) throws CommandFailure;

  /**
   * Makes this machine the node that the token invites.
   *
   * @param file where the cluster's configuration is written
   */
  Answer join(String token, Path file) throws CommandFailure;

  /**
   * What this machine can and cannot do.
   *
   * @param configuration null if there is none yet: then what concerns any configuration
   * @param node this machine's; null without a configuration
   * @param all whether the other nodes are asked, too
   */
  List<Finding> examine(@Nullable Configuration configuration, @Nullable Node node, boolean all)
      throws CommandFailure;
}
