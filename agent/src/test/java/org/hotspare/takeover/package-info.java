/** Tests of what a promotion does to the machine, between network namespaces. */
@NullMarked
package org.hotspare.takeover;

import org.jspecify.annotations.NullMarked;
