/**
 * What people and programs ask of a running agent, and through what: the local socket, and HTTP for
 * load balancers and monitoring.
 */
@NullMarked
package org.hotspare.admin;

import org.jspecify.annotations.NullMarked;
