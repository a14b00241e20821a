package org.hotspare.watch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.Name;

/**
 * Files that are made and removed at once, only to see their names come by among the events: what
 * happened before has then come by, too. The kernel merges events of one name, so each has its own.
 * For several threads.
 */
final class Cookies {
  private static final String PREFIX = "cookie.";

  private final Watchers.Place place;
  private long last;

  /**
   * @param place hotspare's own directory, on a filesystem that is watched
   */
  Cookies(Watchers.Place place) {
    this.place = place;
  }

  /** Opens the directory that they are made in; the caller closes it. */
  DirFd open() throws IOException {
    return place.open();
  }

  synchronized long make() throws IOException {
    Name name = Name.of(PREFIX + (last + 1));
    try (DirFd directory = open()) {
      try {
        directory.create(name).close();
      } catch (LinuxException failed) {
        if (!failed.is(Errno.EEXIST)) {
          throw failed;
        }
        // Left over from a process that was killed between the two calls: its removal will do.
      }
      directory.unlink(name);
    }
    last++;
    return last;
  }

  /** A token without a file, where no events are read anyway. */
  synchronized long makeWithoutFile() {
    last++;
    return last;
  }

  /** The token of the latest one. */
  synchronized long last() {
    return last;
  }

  /** The token, if a name in the directory is one of ours. */
  OptionalLong token(Name name) {
    String text = new String(name.bytes().array(), StandardCharsets.ISO_8859_1);
    if (!text.startsWith(PREFIX) || text.length() > PREFIX.length() + 18) {
      return OptionalLong.empty();
    }
    try {
      long token = Long.parseLong(text, PREFIX.length(), text.length(), 10);
      return token > 0 && token <= last() ? OptionalLong.of(token) : OptionalLong.empty();
    } catch (NumberFormatException foreign) {
      return OptionalLong.empty();
    }
  }
}
