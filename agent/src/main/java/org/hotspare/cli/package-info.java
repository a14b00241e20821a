/** The commands of {@code hotspare}, one class each. */
@NullMarked
package org.hotspare.cli;

import org.jspecify.annotations.NullMarked;
