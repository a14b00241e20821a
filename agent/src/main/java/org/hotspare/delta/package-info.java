/**
 * The pure algorithm that finds what changed in a file against the signature of an earlier version.
 */
@NullMarked
package org.hotspare.delta;

import org.jspecify.annotations.NullMarked;
