package org.hotspare.takeover;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What a program prints, line by line, within bounds: a line that is longer than 1 KiB counts as
 * several, and after 1 MiB no more is passed on, where each line counts as 100 bytes more than it
 * has. Empty lines are left out, and what could confuse a terminal is replaced.
 */
final class OutputLines {
  private static final int MAX_LINE_BYTES = 1024;
  private static final long MAX_PASSED_BYTES = 1 << 20;
  private static final int BYTES_AROUND_LINE = 100;
  private static final int LAST_LINES = 5;
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private final Consumer<String> each;
  private final byte[] line = new byte[MAX_LINE_BYTES];
  private int length;
  private long passedBytes;
  private final Deque<String> last = new ArrayDeque<>(LAST_LINES + 1);

  /**
   * @param each is called by the thread that adds
   */
  OutputLines(Consumer<String> each) {
    this.each = each;
  }

  synchronized void add(ByteBuffer printed) {
    while (printed.hasRemaining()) {
      byte next = printed.get();
      if (next == '\n') {
        endLine();
      } else {
        line[length++] = next;
        if (length == line.length) {
          endLine();
        }
      }
    }
  }

  /** Takes what was printed since the last end of a line for a line. */
  synchronized void endLine() {
    String whole = new String(line, 0, length, StandardCharsets.UTF_8);
    String text = CONTROL.matcher(whole.strip()).replaceAll("?");
    length = 0;
    if (text.isEmpty()) {
      return;
    }
    last.addLast(text);
    if (last.size() > LAST_LINES) {
      last.removeFirst();
    }
    pass(text);
  }

  private void pass(String text) {
    if (passedBytes > MAX_PASSED_BYTES) {
      return;
    }
    passedBytes += text.length() + BYTES_AROUND_LINE;
    each.accept(passedBytes <= MAX_PASSED_BYTES ? text : "… and more, which is left out");
  }

  /** The last few, the oldest of them first. */
  synchronized List<String> last() {
    return List.copyOf(last);
  }
}
