package org.hotspare.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/** A shared, writable mapping of a file: one line of {@code /proc/PID/maps}. */
record Mapping(Name link, long device, long inode, Bytes path) {
  private static final int FIELDS = 5;

  /** Skips what is not as the kernel writes it: it is a mapping of no file. */
  static List<Mapping> parse(byte[] maps) {
    List<Mapping> found = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < maps.length; i++) {
      if (maps[i] == '\n') {
        Mapping mapping = parseLine(maps, start, i);
        if (mapping != null) {
          found.add(mapping);
        }
        start = i + 1;
      }
    }
    return found;
  }

  private static @Nullable Mapping parseLine(byte[] maps, int start, int end) {
    int space = start;
    while (space < end && maps[space] != ' ') {
      space++;
    }
    // "rw-s": most lines are private, so this looks before it takes apart.
    if (space + 4 >= end || maps[space + 2] != 'w' || maps[space + 4] != 's') {
      return null;
    }
    int path = space;
    while (path < end && maps[path] != '/') {
      path++;
    }
    String head = new String(maps, start, path - start, StandardCharsets.ISO_8859_1);
    String[] fields = head.strip().split(" +", -1);
    if (path == end || fields.length != FIELDS) {
      return null;
    }
    try {
      String[] device = fields[3].split(":", 2);
      return new Mapping(
          Name.of(withoutLeadingZeros(fields[0])),
          Stat.device(Integer.parseInt(device[0], 16), Integer.parseInt(device[1], 16)),
          Long.parseUnsignedLong(fields[4]),
          Bytes.of(Arrays.copyOfRange(maps, path, end)));
    } catch (NumberFormatException notOfAFile) {
      return null;
    }
  }

  /** The links are named without the zeros that the text pads addresses with. */
  private static String withoutLeadingZeros(String range) {
    String[] ends = range.split("-", 2);
    return Long.toHexString(Long.parseUnsignedLong(ends[0], 16))
        + "-"
        + Long.toHexString(Long.parseUnsignedLong(ends[1], 16));
  }
}
