/** Replication, one side at a time, also against peers that do not keep to the rules. */
@NullMarked
package org.hotspare.mirror;

import org.jspecify.annotations.NullMarked;
