package org.hotspare.admin;

/**
 * A token that lets one node join once.
 *
 * @param token one word that can be passed on a command line; a secret until it is used
 * @param validSeconds from now
 */
public record Invitation(String node, String token, long validSeconds) {}
