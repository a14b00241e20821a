/**
 * From kernel events and scans to numbered changes: what may have changed, what did change, and
 * what is left out of a mirror.
 */
@NullMarked
package org.hotspare.watch;

import org.jspecify.annotations.NullMarked;
