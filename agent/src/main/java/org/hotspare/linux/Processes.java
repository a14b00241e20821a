package org.hotspare.linux;

import java.util.Set;
import java.util.TreeSet;

/** What {@code /proc} lists. */
final class Processes {
  private Processes() {}

  /** The ids of all processes that are there now, those that have not been reaped included. */
  static Set<Integer> ids(DirFd proc) throws LinuxException {
    Set<Integer> ids = new TreeSet<>();
    try (Listing listing = proc.list()) {
      for (Listed next = listing.next(); next != null; next = listing.next()) {
        int id = number(next.name().bytes().array());
        if (id > 0) {
          ids.add(id);
        }
      }
    }
    return ids;
  }

  /** -1 for what is no number. */
  private static int number(byte[] digits) {
    int value = 0;
    for (byte digit : digits) {
      if (digit < '0' || digit > '9' || value > 99_999_999) {
        return -1;
      }
      value = value * 10 + digit - '0';
    }
    return value;
  }
}
