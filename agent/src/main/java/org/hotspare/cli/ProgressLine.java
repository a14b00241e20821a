package org.hotspare.cli;

import java.io.PrintWriter;
import java.util.function.LongSupplier;
import org.hotspare.admin.Progress;

/**
 * Shows how far something has come: on a terminal as a bar in one line that is drawn again, else as
 * a line now and then.
 */
public final class ProgressLine {
  private static final int BAR_WIDTH = 24;
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final long NEXT_LINE_NANOS = 5_000_000_000L;
  private static final String ERASE = "\r\u001b[K";

  /** A narrow terminal cuts the line off: one that wraps could not be erased. */
  private static final String NO_WRAP = "\u001b[?7l";

  private static final String WRAP = "\u001b[?7h";

  private final PrintWriter out;
  private final boolean terminal;
  private final String label;
  private final LongSupplier nanoTime;
  private long shownAt;
  private boolean shown;

  /**
   * @param label what it is about, before the bar: the name of a mirror
   */
  public ProgressLine(PrintWriter out, boolean terminal, String label) {
    this(out, terminal, label, System::nanoTime);
  }

  ProgressLine(PrintWriter out, boolean terminal, String label, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.label = label;
    this.nanoTime = nanoTime;
  }

  /** Shows it, unless the last one was shown a moment ago. */
  public void show(Progress progress) {
    long now = nanoTime.getAsLong();
    if (shown && now - shownAt < (terminal ? REDRAW_NANOS : NEXT_LINE_NANOS)) {
      return;
    }
    shown = true;
    shownAt = now;
    if (terminal) {
      String line = label + "  " + bar(progress) + "  " + text(progress);
      out.print(ERASE + NO_WRAP + line + WRAP);
    } else {
      out.println(label + ": " + text(progress));
    }
    out.flush();
  }

  /** Removes the bar, so that something else can be printed. */
  public void clear() {
    if (terminal && shown) {
      out.print(ERASE);
      out.flush();
      shown = false;
    }
  }

  /**
   * How far it is, from 0 to 1; by bytes and entries, since small files cost more than their bytes.
   */
  static double share(Progress progress) {
    double entries = share(progress.doneEntries(), progress.totalEntries());
    double bytes = share(progress.doneBytes(), progress.totalBytes());
    if (progress.totalEntries() == 0) {
      return bytes;
    }
    return progress.totalBytes() == 0 ? entries : (entries + bytes) / 2;
  }

  private static double share(long done, long total) {
    return total <= 0 ? 0 : Math.clamp((double) done / total, 0, 1);
  }

  private static String bar(Progress progress) {
    int filled = (int) Math.floor(share(progress) * BAR_WIDTH);
    return "[" + "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled) + "]";
  }

  /**
   * {@code 45 %, 27,012 of 57,049 entries, 260 MiB of 578 MiB, 120 MiB/s, 3 s left}; or, while it
   * is not known how much there is, {@code 27,012 entries so far, 260 MiB, 120 MiB/s}.
   */
  static String text(Progress progress) {
    StringBuilder text = new StringBuilder();
    boolean known = progress.totalEntries() > 0 || progress.totalBytes() > 0;
    if (known) {
      text.append((int) Math.floor(share(progress) * 100)).append(" %, ");
    }
    text.append(Quantities.count(progress.doneEntries()));
    if (progress.totalEntries() > 0) {
      text.append(" of ").append(Quantities.count(progress.totalEntries()));
    }
    text.append(known ? " entries, " : " entries so far, ")
        .append(Quantities.bytes(progress.doneBytes()));
    if (progress.totalBytes() > 0) {
      text.append(" of ").append(Quantities.bytes(progress.totalBytes()));
    }
    if (progress.bytesPerSecond() > 0) {
      text.append(", ").append(Quantities.bytesPerSecond(progress.bytesPerSecond()));
    }
    if (known && progress.secondsLeft() >= 0) {
      text.append(", ").append(Quantities.seconds((double) progress.secondsLeft())).append(" left");
    }
    return text.toString();
  }
}
