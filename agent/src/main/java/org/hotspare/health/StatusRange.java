package org.hotspare.health;

/** HTTP status codes from the first to the last, both included. */
public record StatusRange(int first, int last) {
  /** 200 to 299. */
  public static final StatusRange SUCCESS = new StatusRange(200, 299);

  public StatusRange {
    if (first < 100 || last > 599 || first > last) {
      throw new IllegalArgumentException(first + " to " + last);
    }
  }

  boolean contains(int status) {
    return status >= first && status <= last;
  }

  @Override
  public String toString() {
    if (first == last) {
      return Integer.toString(first);
    }
    return first % 100 == 0 && last == first + 99 ? first / 100 + "xx" : first + "-" + last;
  }
}
