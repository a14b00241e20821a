package org.hotspare.watch;

import java.util.Locale;

/** How a tree can be watched, the best first. */
public enum WatchMethod {
  /** Events of whole filesystems. */
  FANOTIFY,

  /** Events of single directories. */
  INOTIFY,

  /** No events: directories are listed in turn. */
  POLLING;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
