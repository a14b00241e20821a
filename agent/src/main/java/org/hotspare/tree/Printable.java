package org.hotspare.tree;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Bytes shown to people: printable UTF-8 as it is, every other byte as {@code \xNN}. */
final class Printable {
  private Printable() {}

  static String of(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    int at = 0;
    while (at < bytes.length) {
      int length = sequenceLength(bytes[at]);
      String decoded = at + length <= bytes.length ? decode(bytes, at, length) : "";
      if (decoded.isEmpty()) {
        text.append("\\x").append(HexFormat.of().toHexDigits(bytes[at]));
        at++;
      } else {
        text.append(decoded);
        at += length;
      }
    }
    return text.toString();
  }

  private static int sequenceLength(byte first) {
    int value = first & 0xff;
    if (value < 0xc0) {
      return 1;
    }
    return value < 0xe0 ? 2 : value < 0xf0 ? 3 : 4;
  }

  /** The character at {@code at}, or nothing where it is malformed or would not print. */
  private static String decode(byte[] bytes, int at, int length) {
    if (length == 1) {
      byte value = bytes[at];
      boolean printable = value >= 0x20 && value < 0x7f && value != '\\';
      return printable ? String.valueOf((char) value) : value == '\\' ? "\\\\" : "";
    }
    try {
      CharBuffer decoded =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes, at, length));
      String text = decoded.toString();
      return isPrintable(text.codePointAt(0)) ? text : "";
    } catch (CharacterCodingException malformed) {
      return "";
    }
  }

  private static boolean isPrintable(int codePoint) {
    int type = Character.getType(codePoint);
    return type != Character.CONTROL
        && type != Character.FORMAT
        && type != Character.SURROGATE
        && type != Character.PRIVATE_USE
        && type != Character.UNASSIGNED
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR;
  }
}
