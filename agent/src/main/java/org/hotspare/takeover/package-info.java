/**
 * What a promotion does to the machine: whether clients reach it, by which address, and what runs
 * on it.
 */
@NullMarked
package org.hotspare.takeover;

import org.jspecify.annotations.NullMarked;
