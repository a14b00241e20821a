package org.hotspare.takeover;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator's command that makes sure that another machine is off. That it is off is what status
 * 0 says and nothing else: not another status, nor that it was killed since its time was over.
 */
public final class Fence {
  private static final Logger LOG = LoggerFactory.getLogger(Fence.class);

  /**
   * What it said.
   *
   * @param off whether the other machine is off for certain
   * @param how for people, such as {@code status 1: no answer of the power switch}
   */
  public record Verdict(boolean off, String how) {}

  private final String command;
  private final Duration timeout;
  private final Map<String, String> environment;

  /**
   * @param command for the shell
   * @param environment added to this process's own
   */
  public Fence(String command, Duration timeout, Map<String, String> environment) {
    this.command = command;
    this.timeout = timeout;
    this.environment = Map.copyOf(environment);
  }

  /**
   * Blocks until it has said something, or its time is over; an interrupt kills it.
   *
   * @param epoch the holders of this epoch and of those before are to be off
   */
  public Verdict ask(long epoch) throws InterruptedException {
    Map<String, String> added = new LinkedHashMap<>(environment);
    added.put("HOTSPARE_EPOCH", Long.toString(epoch));
    CommandEnd end =
        TimedCommand.shell(command, added, line -> LOG.info("fence: {}", line)).await(timeout);
    return new Verdict(end.isSuccess() && !end.late(), end.toString());
  }
}
