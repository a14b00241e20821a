/** The configuration file as values, and what is wrong with it, by line and column. */
@NullMarked
package org.hotspare.config;

import org.jspecify.annotations.NullMarked;
