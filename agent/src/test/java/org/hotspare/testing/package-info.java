/** What tests of the whole system share: the judge of equal trees, and what writes into them. */
@NullMarked
package org.hotspare.testing;

import org.jspecify.annotations.NullMarked;
