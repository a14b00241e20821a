/**
 * What this node knows of each mirror, durably: entries with their versions, tombstones,
 * signatures, lineage.
 */
@NullMarked
package org.hotspare.index;

import org.jspecify.annotations.NullMarked;
