/** Whole agents, in this process and in their own. */
@NullMarked
package org.hotspare.agent;

import org.jspecify.annotations.NullMarked;
