/** What people and programs ask of a running agent, and the local socket they ask through. */
@NullMarked
package org.hotspare.admin;

import org.jspecify.annotations.NullMarked;
