package org.hotspare.tree;

/**
 * An extended attribute: its full name with the namespace, such as {@code user.origin}, and its
 * value.
 */
public record Attribute(Bytes name, Bytes value) {}
