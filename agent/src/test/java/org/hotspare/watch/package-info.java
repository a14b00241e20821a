/** Watchers on real filesystems, and excludes next to rsync's. */
@NullMarked
package org.hotspare.watch;

import org.jspecify.annotations.NullMarked;
