package org.hotspare.failover;

import java.time.Duration;

/**
 * How long things may take.
 *
 * @param answers how long a candidate waits for the other members to say how far they are
 * @param crashAnswers the same for a primary that crashed: others may be further than its disk
 * @param campaign how long an attempt to be endorsed may take
 * @param apart by how much later the next in rank stands, and at most as much, drawn by lot, a
 *     candidate waits that was not endorsed
 * @param services how long all services together may take to start or to stop
 * @param fence how long a fence may take to answer
 * @param barrier how long a handover may wait until the other node has everything, once before
 *     clients are shut out and once after
 * @param away a standby that is away for longer leaves the promotable set, and a primary that is
 *     stopped waits as long for one that can take over
 * @param steady a standby joins that was in sync for as long, no failing check moves a primary
 *     before it has been one for as long, and one that fails gets as long for each stage of handing
 *     over
 * @param fresh what another node said longer ago counts no more, and who is said to be off has as
 *     long to contradict
 * @param rest a node that handed over or gave up waits as long before it stands again
 * @param failed a node where a promotion failed is not tried again for as long
 * @param window in it a node takes over at most {@code promotions} times in a row; more are spread
 *     over it
 */
public record Timing(
    Duration answers,
    Duration crashAnswers,
    Duration campaign,
    Duration apart,
    Duration services,
    Duration fence,
    Duration barrier,
    Duration away,
    Duration steady,
    Duration fresh,
    Duration rest,
    Duration failed,
    Duration window,
    int promotions) {

  /** What fits a lease of that duration. */
  public static Timing of(Duration lease) {
    return new Timing(
        Duration.ofMillis(300),
        lease.multipliedBy(5),
        lease.dividedBy(2),
        lease,
        Duration.ofSeconds(60),
        Duration.ofSeconds(60),
        Duration.ofSeconds(10),
        lease.multipliedBy(2),
        lease,
        lease.multipliedBy(2),
        lease.multipliedBy(5),
        Duration.ofMinutes(5),
        Duration.ofMinutes(10),
        4);
  }

  /** The same with services that may take that long together. */
  public Timing withServices(Duration together) {
    return with(together, fence);
  }

  /** The same with a fence that may take that long. */
  public Timing withFence(Duration most) {
    return with(services, most);
  }

  private Timing with(Duration otherServices, Duration otherFence) {
    return new Timing(
        answers,
        crashAnswers,
        campaign,
        apart,
        otherServices,
        otherFence,
        barrier,
        away,
        steady,
        fresh,
        rest,
        failed,
        window,
        promotions);
  }

  /** How long a stage may take, its work on the machine included. */
  Duration limit(Stage stage) {
    return switch (stage) {
      case SERVICES_START, SERVICES_STOP -> services;
      case DRAIN, BARRIER -> barrier;
      case SETTLE -> Duration.ofSeconds(30);
      case RECORD, LEASE, ADDRESS_ADD, ADDRESS_REMOVE, GATE, GATE_SHUT, ANNOUNCE ->
          Duration.ofSeconds(5);
    };
  }
}
