/**
 * Tells whether a server and what it offers work: checks that are made again and again, what they
 * say taken together, and how this machine's own disks and processors do.
 *
 * <p>All times are of {@link java.lang.System#nanoTime} unless said otherwise: no wall clock.
 */
@NullMarked
package org.hotspare.health;

import org.jspecify.annotations.NullMarked;
