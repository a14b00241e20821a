package org.hotspare.linux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.tree.Bytes;

/** What is mounted where. */
public final class Mounts {
  private static final Path FILE = Path.of("/proc/self/mountinfo");

  /** The fields up to the optional ones, and from the separator after those. */
  private static final int FIELDS_BEFORE = 6;

  private static final int FIELDS_AFTER = 3;

  private Mounts() {}

  /** All mounts, a mount after the one that it lies on. */
  public static List<Mount> all() throws IOException {
    return parse(Files.readAllBytes(FILE));
  }

  /**
   * The mounts on the directory and below it, outermost first. Of those that cover one another at
   * one point, the later is the one that is seen.
   *
   * @param path absolute, without links, {@code .} or {@code ..}
   */
  public static List<Mount> atOrBelow(Bytes path) throws IOException {
    return all().stream().filter(mount -> mount.isAtOrBelow(path)).toList();
  }

  /**
   * @throws LinuxException EUCLEAN for a line that is not as the kernel writes them
   */
  static List<Mount> parse(byte[] text) throws LinuxException {
    List<Mount> mounts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] == '\n') {
        mounts.add(mount(Arrays.copyOfRange(text, start, i)));
        start = i + 1;
      }
    }
    return mounts;
  }

  private static Mount mount(byte[] line) throws LinuxException {
    List<byte[]> fields = fields(line);
    int separator = FIELDS_BEFORE;
    while (separator < fields.size() && !text(fields.get(separator)).equals("-")) {
      separator++;
    }
    if (fields.size() - separator <= FIELDS_AFTER - 1) {
      throw damaged(line);
    }
    try {
      String[] device = text(fields.get(2)).split(":", 2);
      List<String> options = List.of(text(fields.get(5)).split(","));
      return new Mount(
          Long.parseLong(text(fields.get(0))),
          Long.parseLong(text(fields.get(1))),
          Stat.device(Integer.parseInt(device[0]), Integer.parseInt(device[1])),
          unescape(fields.get(3)),
          unescape(fields.get(4)),
          text(fields.get(separator + 1)),
          unescape(fields.get(separator + 2)),
          options.contains("ro"));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException notAsExpected) {
      LinuxException failure = damaged(line);
      failure.addSuppressed(notAsExpected);
      throw failure;
    }
  }

  private static List<byte[]> fields(byte[] line) {
    List<byte[]> fields = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= line.length; i++) {
      if (i == line.length || line[i] == ' ') {
        fields.add(Arrays.copyOfRange(line, start, i));
        start = i + 1;
      }
    }
    return fields;
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.ISO_8859_1);
  }

  /** Space, tab, newline and backslash are written as a backslash and three octal digits. */
  static Bytes unescape(byte[] field) {
    ByteArrayOutputStream plain = new ByteArrayOutputStream(field.length);
    for (int i = 0; i < field.length; i++) {
      if (field[i] == '\\' && i + 3 < field.length && isOctal(field, i + 1)) {
        plain.write((field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 | (field[i + 3] - '0'));
        i += 3;
      } else {
        plain.write(field[i]);
      }
    }
    return Bytes.wrap(plain.toByteArray());
  }

  private static boolean isOctal(byte[] field, int at) {
    for (int i = at; i < at + 3; i++) {
      if (field[i] < '0' || field[i] > '7') {
        return false;
      }
    }
    return true;
  }

  private static LinuxException damaged(byte[] line) {
    return new LinuxException(Errno.EUCLEAN, "read", FILE + ": " + Bytes.of(line));
  }
}
