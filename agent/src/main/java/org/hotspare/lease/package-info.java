/**
 * Who may be primary, and until when: the rules of the lease as pure state machines ({@link
 * org.hotspare.lease.LeaseMember}), the one thread that drives them ({@link
 * org.hotspare.lease.LeaseLoop}), and the record of who is primary, which a majority keeps ({@link
 * org.hotspare.lease.ClusterRecord}).
 *
 * <p>The holder of an epoch renews with every voter, itself included, and holds the lease for as
 * long after a renewal was <em>sent</em> as {@link org.hotspare.lease.LeaseTimes#validityNanos
 * validity} says, once a majority has acknowledged it. A candidate needs a majority of endorsements
 * for a higher epoch, and a voter endorses only when the whole duration has passed since it last
 * acknowledged. Holder and voter count by the same duration: a voter acknowledges and endorses no
 * other. <em>Proof that there are never two:</em> the holder's last confirmed renewal and the
 * candidate's endorsements share a voter. Either it acknowledged first, and endorsed when the
 * holder's time, which began earlier and is shorter, had run out. Or it endorsed first, and refused
 * the renewal.
 *
 * <p>Renewing writes nothing to any disk. An endorsement is durable before it is told, and a voter
 * that was started endorses nobody for one duration, since it does not know what it acknowledged
 * before, or for a longer one by which it counted then.
 *
 * <p>All times are readings of one node's CLOCK_MONOTONIC_RAW in nanoseconds; no two nodes' clocks
 * are ever compared.
 */
@NullMarked
package org.hotspare.lease;

import org.jspecify.annotations.NullMarked;
