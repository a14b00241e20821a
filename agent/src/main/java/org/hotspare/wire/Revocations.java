package org.hotspare.wire;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which certificates this node issued, and which ones it takes no longer: two lists in files, one
 * line for each certificate with its serial number in hexadecimal first. The list of the revoked
 * may be edited and copied between nodes by hand; it is read again at every connection.
 */
final class Revocations {
  private static final int FILE_BYTES = 4 << 20;

  private final Path issued;
  private final Path revoked;

  Revocations(Path directory) {
    this.issued = directory.resolve("issued");
    this.revoked = directory.resolve("revoked");
  }

  synchronized void recordIssued(X509Certificate certificate, String node, Instant now)
      throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : lines(issued)) {
      if (expirySeconds(line) >= now.getEpochSecond()) {
        lines.add(line);
      }
    }
    long expires = certificate.getNotAfter().toInstant().getEpochSecond();
    lines.add(serial(certificate) + " " + node + " " + expires);
    write(issued, lines);
  }

  /**
   * Revokes all certificates that this node issued to {@code node} so far.
   *
   * @return how many are revoked that were not before
   */
  synchronized int revokeAllOf(String node) throws IOException {
    Set<String> lines = new LinkedHashSet<>(lines(revoked));
    int before = lines.size();
    for (String line : lines(issued)) {
      String[] parts = line.split(" ", 3);
      if (parts.length == 3 && parts[1].equals(node)) {
        lines.add(parts[0] + " " + node);
      }
    }
    if (lines.size() > before) {
      write(revoked, List.copyOf(lines));
    }
    return lines.size() - before;
  }

  synchronized boolean isRevoked(X509Certificate certificate) throws IOException {
    BigInteger serial = certificate.getSerialNumber();
    for (String line : lines(revoked)) {
      if (serialOf(line).equals(serial)) {
        return true;
      }
    }
    return false;
  }

  static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }

  private BigInteger serialOf(String line) throws IOException {
    try {
      return new BigInteger(line.split(" ", 2)[0], 16);
    } catch (NumberFormatException e) {
      // A list that cannot be read must not let everybody in.
      throw new IdentityException(revoked + ": not a serial number: " + line, e);
    }
  }

  private static long expirySeconds(String line) {
    String[] parts = line.split(" ", 3);
    try {
      return parts.length == 3 ? Long.parseLong(parts[2]) : Long.MAX_VALUE;
    } catch (NumberFormatException unknown) {
      return Long.MAX_VALUE;
    }
  }

  private static List<String> lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    return new String(DurableFile.read(file, FILE_BYTES), StandardCharsets.UTF_8)
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .toList();
  }

  private static void write(Path file, List<String> lines) throws IOException {
    String text = String.join("\n", lines) + "\n";
    DurableFile.write(file, text.getBytes(StandardCharsets.UTF_8), DurableFile.PUBLIC);
  }
}
