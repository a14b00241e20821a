/** Replication, against peers that do not keep to the rules. */
@NullMarked
package org.hotspare.mirror;

import org.jspecify.annotations.NullMarked;
