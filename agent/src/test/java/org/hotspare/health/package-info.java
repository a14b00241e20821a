/** Tests of the checks on real servers, programs, networks and disks. */
@NullMarked
package org.hotspare.health;

import org.jspecify.annotations.NullMarked;
