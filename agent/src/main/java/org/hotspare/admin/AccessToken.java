package org.hotspare.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What clients of the HTTP interface show in their {@code Authorization} header. */
final class AccessToken {
  private static final String SCHEME = "Bearer ";

  /** What fits in that header; short ones can be guessed. */
  private static final Pattern FITTING = Pattern.compile("[A-Za-z0-9._~+/=-]{16,512}");

  private static final int MOST_BYTES = 4096;

  private final byte[] expected;

  private AccessToken(String token) {
    this.expected = (SCHEME + token).getBytes(StandardCharsets.ISO_8859_1);
  }

  /**
   * @throws IOException if the file cannot be read or holds no token: the message says why, and
   *     never what it holds
   */
  static AccessToken read(Path file) throws IOException {
    String text;
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new IOException("it has more than " + MOST_BYTES + " bytes");
      }
      text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    } catch (IOException e) {
      throw new IOException("the api's token file %s cannot be read: %s".formatted(file, e), e);
    }
    if (!FITTING.matcher(text).matches()) {
      throw new IOException(
          ("the api's token file %s has to hold a token of 16 to 512 letters, digits and -._~+/=;"
                  + " make one with: openssl rand -hex 32")
              .formatted(file));
    }
    return new AccessToken(text);
  }

  /** Takes equally long for every wrong header of one length. */
  boolean isShownBy(@Nullable String authorization) {
    return authorization != null
        && MessageDigest.isEqual(expected, authorization.getBytes(StandardCharsets.ISO_8859_1));
  }
}
