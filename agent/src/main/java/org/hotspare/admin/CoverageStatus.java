package org.hotspare.admin;

/**
 * How changes are noticed.
 *
 * @param method {@code fanotify}, {@code inotify} or {@code polling}; on a standby {@code none}
 * @param complete whether every change is noticed at once
 * @param reason why not, in words for people; empty if complete
 */
public record CoverageStatus(String method, boolean complete, String reason) {}
