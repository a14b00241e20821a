package org.hotspare.watch;

/**
 * How a mirror's tree is watched, honestly, for {@code status}.
 *
 * @param method {@code fanotify}, {@code inotify} or {@code polling}: how the root is watched
 * @param complete whether every known directory raises events, so that a change is seen when it is
 *     made
 * @param reason why it is this method and not a better one, or what is not covered; empty when
 *     there is nothing to say
 */
public record Coverage(String method, boolean complete, String reason) {}
