package org.hotspare.lease;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Time, chance and network of a simulated cluster. Messages are lost, doubled, delayed and overtake
 * each other; links are cut in one direction or both. Everything comes from one seed. Times are in
 * nanoseconds of a clock that no node sees.
 */
public final class SimWorld {
  private record Event(long at, long number, Runnable work) {}

  private record Link(String from, String to) {}

  private final SplittableRandom random;
  private final LeaseTimes times = LeaseTimes.of(Duration.ofSeconds(2));
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.at() != b.at()
                  ? Long.compare(a.at(), b.at())
                  : Long.compare(a.number(), b.number()));
  private final Set<Link> cuts = new HashSet<>();
  private long now;
  private long number;
  private boolean calm;

  /** Whatever comes to this node takes so much longer. */
  private String congested = "";

  private long queuedNanos;

  public SimWorld(long seed) {
    this.random = new SplittableRandom(seed);
  }

  public long now() {
    return now;
  }

  public LeaseTimes times() {
    return times;
  }

  /** Of both bounds and all between. */
  public long random(long from, long to) {
    return random.nextLong(from, to + 1);
  }

  /** Once in so many times. */
  public boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  /** From 0 to 1. */
  public double fraction() {
    return random.nextDouble();
  }

  public void after(long nanos, Runnable work) {
    events.add(new Event(now + nanos, number++, work));
  }

  public void runUntil(long until) {
    while (!events.isEmpty() && events.peek().at() <= until) {
      Event event = events.remove();
      now = event.at();
      event.work().run();
    }
    now = until;
  }

  /** Whether nothing goes wrong any more. */
  public boolean isCalm() {
    return calm;
  }

  /** From now on nothing goes wrong, or everything may. */
  public void setCalm(boolean changed) {
    calm = changed;
    if (calm) {
      congested = "";
      cuts.clear();
    }
  }

  // ---- the network

  /** A message is on its way; what is done when it comes, if it does. */
  public void send(String from, String to, Runnable arrival) {
    int copies = calm ? 1 : chance(30) ? 2 : chance(20) ? 0 : 1;
    for (int i = 0; i < copies; i++) {
      boolean late = !calm && chance(25);
      long longest = chance(2) ? times.durationNanos() : 3 * times.durationNanos();
      long queued = to.equals(congested) ? queuedNanos : 0;
      long delay = queued + (late ? random(0, longest) : random(50_000, 5_000_000));
      Link link = new Link(from, to);
      // Behind the place of the cut already, or before it when the message comes there.
      boolean behind = chance(2) && !cuts.contains(link);
      after(
          delay,
          () -> {
            if (behind || !cuts.contains(link)) {
              arrival.run();
            }
          });
    }
  }

  /** Whether what one says reaches the other at this instant, and the answer comes back. */
  public boolean isConnected(String one, String other) {
    return !cuts.contains(new Link(one, other)) && !cuts.contains(new Link(other, one));
  }

  void cut(String one, String other, boolean bothWays) {
    cuts.add(new Link(one, other));
    if (bothWays) {
      cuts.add(new Link(other, one));
    }
  }

  /** Cuts a link in one direction or both. */
  public void cut(String one, String other) {
    cut(one, other, chance(2));
  }

  /** Cuts all links of a node, what it sends, what comes to it, or both. */
  public void cutOff(String node, Collection<String> others) {
    long directions = random(0, 2);
    for (String other : others) {
      if (directions != 0) {
        cut(node, other, false);
      }
      if (directions != 1) {
        cut(other, node, false);
      }
    }
  }

  public void mend() {
    cuts.clear();
  }

  /** What comes to that node takes so much longer. */
  void congest(String node, long nanos) {
    congested = node;
    queuedNanos = nanos;
  }
}
