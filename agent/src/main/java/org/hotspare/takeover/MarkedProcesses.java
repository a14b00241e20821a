package org.hotspare.takeover;

import java.time.Duration;

/**
 * The processes that were started with a certain entry in their environment: children inherit it,
 * whatever session they make and whoever their parent is, unless they are given another
 * environment, or write over it as some do to change their title.
 *
 * @param name of the entry
 * @param value unlike that of any other agent's processes on this machine
 */
record MarkedProcesses(String name, String value, ProcessEnvironments environments) {
  private static final Duration PAUSE = Duration.ofMillis(20);

  ProcessEnvironments.Found look() throws InterruptedException {
    return environments.withEntry(name + "=" + value);
  }

  /** Whether there is none among those that can be asked. */
  boolean areNone() throws InterruptedException {
    return looksTwice(false);
  }

  /** Whether there is none, and all could be asked. */
  boolean areSurelyNone() throws InterruptedException {
    return looksTwice(true);
  }

  /**
   * RACE: a process that is just replaced by another program shows an empty environment for an
   * instant, and one that is started while the processes are listed may be left out. Both would
   * have to happen again at the second look, by a chain of processes that goes on by itself.
   */
  private boolean looksTwice(boolean surely) throws InterruptedException {
    if (!looksEmpty(surely)) {
      return false;
    }
    Thread.sleep(PAUSE);
    return looksEmpty(surely);
  }

  private boolean looksEmpty(boolean surely) throws InterruptedException {
    ProcessEnvironments.Found found = look();
    return found.own().isEmpty() && (!surely || found.unknown().isEmpty());
  }
}
