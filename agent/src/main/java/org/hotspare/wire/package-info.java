/**
 * Frames over mutually authenticated TLS 1.3: what agents say to each other, and who may say it.
 */
@NullMarked
package org.hotspare.wire;

import org.jspecify.annotations.NullMarked;
