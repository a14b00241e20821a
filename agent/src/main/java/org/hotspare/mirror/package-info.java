/**
 * Replication: from a primary's numbered changes to a standby's identical tree, and back to a
 * barrier.
 */
@NullMarked
package org.hotspare.mirror;

import org.jspecify.annotations.NullMarked;
