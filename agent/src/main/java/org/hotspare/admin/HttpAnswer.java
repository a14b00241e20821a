package org.hotspare.admin;

/**
 * A whole answer of the HTTP interface.
 *
 * @param type of the content
 */
record HttpAnswer(int code, String type, String text) {
  static final int OK = 200;
  static final int BAD_REQUEST = 400;
  static final int UNAUTHORIZED = 401;
  static final int NOT_FOUND = 404;
  static final int WRONG_METHOD = 405;
  static final int FAILED = 500;
  static final int UNAVAILABLE = 503;

  /** For people: one line. */
  static HttpAnswer line(int code, String text) {
    return new HttpAnswer(code, "text/plain; charset=utf-8", text + "\n");
  }

  static HttpAnswer of(Availability.Verdict verdict) {
    return line(verdict.yes() ? OK : UNAVAILABLE, verdict.text());
  }
}
