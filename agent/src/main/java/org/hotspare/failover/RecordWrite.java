package org.hotspare.failover;

import org.hotspare.lease.Roles;

/**
 * A write of the cluster's record of which it is not known yet whether it was done. As long as the
 * record has {@code version}, it may still be.
 *
 * @param running whether an attempt is under way; false where the last one got no answer
 */
public record RecordWrite(long version, Roles roles, boolean running) {}
