package org.hotspare.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may join, once each: a file for each invitation, named after the node and the beginning of
 * the secret's hash. The secret itself is nowhere but in the token.
 */
public final class Invitations {
  private static final Logger LOG = LoggerFactory.getLogger(Invitations.class);

  /** How long an invitation is good for unless it says otherwise. */
  public static final Duration VALID = Duration.ofHours(1);

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int FILE_BYTES = 4 << 10;
  private static final int MOST_FILES = 1000;

  private final Path directory;

  public Invitations(Path directory) {
    this.directory = directory;
  }

  /**
   * An invitation as it is stored.
   *
   * @param data whether the node will hold data, and the authority's key with it
   */
  record Invitation(Path file, String node, Digest secretHash, Instant expires, boolean data) {}

  /**
   * Stores an invitation durably and returns its secret. Invitations that have expired are removed.
   */
  Bytes create(String node, boolean data, Instant expires, Instant now) throws IOException {
    if (!PlainText.isName(node)) {
      throw new IdentityException("\"" + PlainText.sentence(node) + "\" cannot name a node");
    }
    DurableFile.createDirectory(directory);
    for (Invitation old : all()) {
      if (old.expires().isBefore(now)) {
        Files.deleteIfExists(old.file());
      }
    }
    byte[] secret = new byte[JoinToken.SECRET_BYTES];
    RANDOM.nextBytes(secret);
    Digest hash = hash(secret);
    String content =
        "node %s\nsecret-sha256 %s\nexpires %d\ndata %s\n"
            .formatted(node, hash, expires.getEpochSecond(), data);
    Path file = directory.resolve(node + "." + hash.toString().substring(0, 16));
    DurableFile.write(file, content.getBytes(StandardCharsets.UTF_8), DurableFile.SECRET);
    return Bytes.wrap(secret);
  }

  /**
   * The invitation that the secret is of, which stays until it is consumed.
   *
   * @throws IdentityException if there is none, or it has expired
   */
  Invitation find(String node, Bytes secret, Instant now) throws IOException {
    byte[] hash = hash(secret.array()).bytes().array();
    for (Invitation invitation : all()) {
      byte[] expected = invitation.secretHash().bytes().array();
      if (MessageDigest.isEqual(expected, hash) && invitation.node().equals(node)) {
        if (invitation.expires().isBefore(now)) {
          throw new IdentityException(
              "the token expired at " + invitation.expires() + ": make a new one");
        }
        return invitation;
      }
    }
    throw new IdentityException(
        "the token is not known here: it was used already, or another node made it");
  }

  /**
   * Uses the invitation up, durably.
   *
   * @throws IdentityException if it was used meanwhile
   */
  void consume(Invitation invitation) throws IOException {
    try {
      // Removing succeeds exactly once, whoever tries at the same time.
      Files.delete(invitation.file());
    } catch (NoSuchFileException e) {
      throw new IdentityException("the token was used already", e);
    }
    DurableFile.syncDirectoryOf(invitation.file());
  }

  private List<Invitation> all() throws IOException {
    List<Invitation> found = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return found;
    }
    // Names with a dot in front are files that are still being written.
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "[!.]*")) {
      for (Path file : files) {
        if (found.size() >= MOST_FILES) {
          throw new IdentityException("more than " + MOST_FILES + " invitations in " + directory);
        }
        try {
          found.add(read(file));
        } catch (NoSuchFileException e) {
          LOG.debug("{} was used up meanwhile", file);
        }
      }
    } catch (java.nio.file.DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  private static Invitation read(Path file) throws IOException {
    String text = new String(DurableFile.read(file, FILE_BYTES), StandardCharsets.UTF_8);
    List<String> lines = text.lines().toList();
    try {
      return new Invitation(
          file,
          value(lines, 0, "node "),
          Digest.of(java.util.HexFormat.of().parseHex(value(lines, 1, "secret-sha256 "))),
          Instant.ofEpochSecond(Long.parseLong(value(lines, 2, "expires "))),
          value(lines, 3, "data ").equals("true"));
    } catch (IllegalArgumentException | java.time.DateTimeException e) {
      throw new IdentityException(file + " is no invitation, remove it: " + e.getMessage(), e);
    }
  }

  private static String value(List<String> lines, int index, String key) {
    if (index >= lines.size() || !lines.get(index).startsWith(key)) {
      throw new IllegalArgumentException("no line \"" + key + "\"");
    }
    return lines.get(index).substring(key.length());
  }

  private static Digest hash(byte[] secret) {
    return Digest.of(Digest.newHash().digest(secret));
  }
}
