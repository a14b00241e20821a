package org.hotspare.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP interface; anywhere but on loopback it asks for the token, and speaks TLS.
 *
 * @param tokenFile the file with the token that clients show; null on loopback without one
 */
public record Api(Address listen, @Nullable Path tokenFile) {}
