/**
 * The Linux kernel's calls that Java does not offer: files by descriptor and bytes, their events,
 * clocks, mounts and what other processes have open. The only package that leaves the Java virtual
 * machine.
 */
@NullMarked
package org.hotspare.linux;

import org.jspecify.annotations.NullMarked;
