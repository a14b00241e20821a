/**
 * Who is to be primary, decided: {@link org.hotspare.failover.FailoverPolicy} is told how things
 * are ({@link org.hotspare.failover.View}) and says what to do ({@link
 * org.hotspare.failover.Action}). Nothing in here waits, reads a clock, or touches a disk or a
 * network.
 *
 * <p>The lease says who <em>may</em> be primary and keeps others out; this package says who
 * <em>tries</em> to be, when, and what is done on the machine in which order. Where both are at
 * odds the lease wins: a mistake in here costs time or changes that no barrier confirmed, and never
 * makes two primaries, but for hands off ({@link org.hotspare.failover.Action.HoldGate}), which
 * only the cluster's record allows.
 *
 * <p>All times are readings of this node's CLOCK_MONOTONIC_RAW in nanoseconds, but for the end of a
 * pause, which people give by the wall clock.
 */
@NullMarked
package org.hotspare.failover;

import org.jspecify.annotations.NullMarked;
