package org.hotspare.health;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hotspare.tree.Bytes;

/**
 * What an HTTP/1 server answered on a connection that ends with it.
 *
 * @param phrase what stands behind the status, may be empty
 * @param location where a redirect leads to; empty for none
 * @param body its first {@value #MAX_BODY_BYTES} bytes
 */
record HttpAnswer(int status, String phrase, String location, Bytes body) {
  static final int MAX_BODY_BYTES = 64 << 10;

  private static final int MAX_LINE_BYTES = 8 << 10;
  private static final int MAX_LINES = 200;
  private static final int NO_CONTENT = 204;
  private static final int NOT_MODIFIED = 304;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})(?: (.*))?");
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
  private static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]{1,15})[ \\t]*(?:;.*)?");

  /** What of the head matters. */
  private static final class Head {
    private String location = "";
    private boolean chunked;

    /** Negative where it says none: then the body ends with the connection. */
    private long length = -1;
  }

  /**
   * @throws ProtocolException for what is no HTTP/1 or has no bounds
   * @throws EOFException if the connection ends before the answer does
   */
  static HttpAnswer read(InputStream stream, Attempt attempt) throws IOException {
    InputStream in = new BufferedInputStream(stream);
    while (true) {
      Matcher line = STATUS.matcher(line(in, "the status"));
      if (!line.matches()) {
        throw new ProtocolException("this is not HTTP/1");
      }
      int status = Integer.parseInt(line.group(1));
      String phrase = line.group(2) == null ? "" : line.group(2);
      attempt.at("reading the head of status " + status);
      Head head = head(in);
      if (status < 200) {
        continue;
      }
      attempt.at("reading the body of status " + status);
      boolean none = status == NO_CONTENT || status == NOT_MODIFIED;
      return new HttpAnswer(
          status, phrase, head.location, none ? Bytes.EMPTY : Bytes.wrap(body(in, head)));
    }
  }

  private static Head head(InputStream in) throws IOException {
    Head head = new Head();
    for (int i = 0; i < MAX_LINES; i++) {
      String line = line(in, "the head");
      if (line.isEmpty()) {
        return head;
      }
      int colon = line.indexOf(':');
      if (colon > 0) {
        field(head, line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    throw new ProtocolException("more than " + MAX_LINES + " lines of head");
  }

  private static void field(Head head, String name, String value) throws ProtocolException {
    switch (name.toLowerCase(Locale.ROOT)) {
      case "location" -> head.location = value;
      case "transfer-encoding" -> head.chunked = value.toLowerCase(Locale.ROOT).endsWith("chunked");
      case "content-length" -> {
        if (!LENGTH.matcher(value).matches()) {
          throw new ProtocolException("a length of \"" + value + "\"");
        }
        head.length = Long.parseLong(value);
      }
      default -> {}
    }
  }

  private static byte[] body(InputStream in, Head head) throws IOException {
    if (head.chunked) {
      return chunks(in);
    }
    if (head.length < 0) {
      return in.readNBytes(MAX_BODY_BYTES);
    }
    int wanted = (int) Math.min(MAX_BODY_BYTES, head.length);
    byte[] body = in.readNBytes(wanted);
    if (body.length < wanted) {
      throw new EOFException(
          "the connection ended after %d of %d bytes".formatted(body.length, head.length));
    }
    return body;
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (body.size() < MAX_BODY_BYTES) {
      Matcher size = CHUNK.matcher(line(in, "the body"));
      if (!size.matches()) {
        throw new ProtocolException("a chunk without a size");
      }
      long length = Long.parseLong(size.group(1), 16);
      if (length == 0) {
        break;
      }
      int wanted = (int) Math.min(MAX_BODY_BYTES - body.size(), length);
      byte[] chunk = in.readNBytes(wanted);
      if (chunk.length < wanted) {
        throw new EOFException("the connection ended within the body");
      }
      body.writeBytes(chunk);
      if (wanted == length && !line(in, "the body").isEmpty()) {
        throw new ProtocolException("a chunk that is longer than its size");
      }
    }
    return body.toByteArray();
  }

  /** Without its end. */
  private static String line(InputStream in, String of) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(80);
    while (line.size() <= MAX_LINE_BYTES) {
      int next = in.read();
      if (next == '\n') {
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      }
      if (next < 0) {
        throw new EOFException("the connection ended before the end of " + of);
      }
      line.write(next);
    }
    throw new ProtocolException("a line of more than " + MAX_LINE_BYTES + " bytes");
  }
}
