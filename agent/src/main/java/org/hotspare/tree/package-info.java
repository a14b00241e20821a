/**
 * Entries of a file tree as values: what a file, its names and its changes are, without any I/O.
 */
@NullMarked
package org.hotspare.tree;

import org.jspecify.annotations.NullMarked;
