/** Tests of the system calls on real filesystems, and what other tests need to make those. */
@NullMarked
package org.hotspare.linux;

import org.jspecify.annotations.NullMarked;
