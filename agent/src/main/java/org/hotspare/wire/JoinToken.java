package org.hotspare.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.wire.proto.Token;
import org.jspecify.annotations.Nullable;

/**
 * All that a new node needs to join: whom to connect to, how to know that it is the right one, and
 * the secret that lets it in once.
 *
 * @param node the name that the new node will have
 * @param addresses of the inviting node, unresolved, in the order to try
 * @param authority SHA-256 of the certificate of the cluster's authority
 */
public record JoinToken(
    String cluster,
    String node,
    List<InetSocketAddress> addresses,
    Digest authority,
    Bytes secret,
    Instant expires) {
  static final int SECRET_BYTES = 32;

  private static final String PREFIX = "hs1-";
  private static final int LONGEST_TEXT = 8 << 10;
  private static final int MOST_ADDRESSES = 16;
  private static final int LONGEST_HOST = 255;
  private static final int CHECKSUM_BYTES = 4;
  private static final long LAST_SECOND = Instant.MAX.getEpochSecond();

  public JoinToken {
    addresses = List.copyOf(addresses);
    if (addresses.isEmpty() || addresses.size() > MOST_ADDRESSES) {
      throw new IllegalArgumentException("a token with " + addresses.size() + " addresses");
    }
  }

  /** One word, to be passed on a command line. */
  public String text() {
    Token.Builder token =
        Token.newBuilder()
            .setCluster(cluster)
            .setNode(node)
            .setAuthoritySha256(EntryCodec.encode(authority))
            .setSecret(EntryCodec.encode(secret))
            .setExpiresSeconds(expires.getEpochSecond());
    for (InetSocketAddress address : addresses) {
      token.addAddress(address.getHostString() + ":" + address.getPort());
    }
    byte[] content = token.build().toByteArray();
    byte[] whole =
        ByteBuffer.allocate(content.length + CHECKSUM_BYTES)
            .put(content)
            .put(checksum(content))
            .array();
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(whole);
  }

  /**
   * @throws IdentityException if it is no token, or a damaged one
   */
  public static JoinToken parse(String text) throws IdentityException {
    // Terminals and mail programs break long words.
    String word = text.replaceAll("\\s", "");
    if (!word.startsWith(PREFIX)) {
      throw new IdentityException("this is no join token: one begins with " + PREFIX);
    }
    if (word.length() > LONGEST_TEXT) {
      throw new IdentityException("this is no join token: it is too long");
    }
    byte[] whole;
    try {
      whole = Base64.getUrlDecoder().decode(word.substring(PREFIX.length()));
    } catch (IllegalArgumentException e) {
      throw damaged(String.valueOf(e.getMessage()), e);
    }
    if (whole.length <= CHECKSUM_BYTES) {
      throw damaged("it is too short", null);
    }
    byte[] content = Arrays.copyOf(whole, whole.length - CHECKSUM_BYTES);
    byte[] checksum = Arrays.copyOfRange(whole, content.length, whole.length);
    if (!Arrays.equals(checksum, checksum(content))) {
      throw damaged("its checksum is wrong", null);
    }
    try {
      return decode(Token.parseFrom(content));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw damaged(String.valueOf(e.getMessage()), e);
    }
  }

  private static JoinToken decode(Token token) throws IdentityException {
    if (!PlainText.isName(token.getCluster()) || !PlainText.isName(token.getNode())) {
      throw damaged("a name in it is none", null);
    }
    if (token.getSecret().size() != SECRET_BYTES) {
      throw damaged("its secret has " + token.getSecret().size() + " bytes", null);
    }
    ByteString authority = token.getAuthoritySha256();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String address : token.getAddressList()) {
      addresses.add(address(address));
    }
    return new JoinToken(
        token.getCluster(),
        token.getNode(),
        addresses,
        new Digest(EntryCodec.decode(authority)),
        EntryCodec.decode(token.getSecret()),
        Instant.ofEpochSecond(Math.clamp(token.getExpiresSeconds(), 0, LAST_SECOND)));
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1 || colon > LONGEST_HOST) {
      throw new IllegalArgumentException("an address in it is none");
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    return InetSocketAddress.createUnresolved(text.substring(0, colon), port);
  }

  private static byte[] checksum(byte[] content) {
    return Arrays.copyOf(Digest.newHash().digest(content), CHECKSUM_BYTES);
  }

  private static IdentityException damaged(String why, @Nullable Throwable cause) {
    String reason = "the join token is damaged, copy it again as a whole: " + why;
    return cause == null ? new IdentityException(reason) : new IdentityException(reason, cause);
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "token for node " + node + " of cluster " + cluster + ", valid until " + expires;
  }
}
