/** The composition root: puts the parts of a running agent together. */
@NullMarked
package org.hotspare.agent;

import org.jspecify.annotations.NullMarked;
