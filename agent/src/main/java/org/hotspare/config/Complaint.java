package org.hotspare.config;

/**
 * Something wrong at one place of the configuration file.
 *
 * @param line from 1; 0 if the file as a whole is meant
 * @param column from 1, in characters; 0 if the file as a whole is meant
 * @param expected what should stand there instead; empty if the message says it all
 * @param sourceLine the text of that line; empty if the file as a whole is meant
 */
public record Complaint(
    String file, int line, int column, String message, String expected, String sourceLine) {

  /** A complaint about the whole file. */
  public static Complaint aboutFile(String file, String message, String expected) {
    return new Complaint(file, 0, 0, message, expected, "");
  }

  /** {@code web.yaml:7:12: unknown key "mirors"; expected …}, in one line. */
  public String headline() {
    String place = line == 0 ? file : file + ":" + line + ":" + column;
    return place + ": " + message + (expected.isEmpty() ? "" : "; expected " + expected);
  }

  /** The headline, and below it the line of the file with a caret under the place. */
  public String render() {
    if (line == 0) {
      return headline();
    }
    StringBuilder caret = new StringBuilder();
    sourceLine
        .codePoints()
        .limit(column - 1L)
        .forEach(codePoint -> caret.append(codePoint == '\t' ? '\t' : ' '));
    return headline() + "\n  " + sourceLine + "\n  " + caret + "^";
  }
}
