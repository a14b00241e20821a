package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.junit.jupiter.api.Test;

class JoinTokenTest {
  private static final JoinToken TOKEN =
      new JoinToken(
          "web",
          "beta",
          List.of(
              InetSocketAddress.createUnresolved("10.0.0.1", 7400),
              InetSocketAddress.createUnresolved("2001:db8::1", 7400)),
          Digest.of(new byte[Digest.BYTES]),
          Bytes.wrap(new byte[JoinToken.SECRET_BYTES]),
          Instant.ofEpochSecond(1_800_000_000));

  @Test
  void isOneWordThatSaysAll() throws IdentityException {
    assertThat(TOKEN.text()).matches("hs1-[A-Za-z0-9_-]+");
    assertThat(JoinToken.parse(TOKEN.text())).isEqualTo(TOKEN);
    String broken = "  " + TOKEN.text().substring(0, 40) + "\n" + TOKEN.text().substring(40);
    assertThat(JoinToken.parse(broken)).isEqualTo(TOKEN);
  }

  @Test
  void doesNotShowItsSecret() {
    assertThat(TOKEN.toString()).contains("beta").contains("web").doesNotContain("Bytes");
    assertThat(TOKEN.toString()).doesNotContain(TOKEN.secret().hex());
  }

  @Test
  void whatIsNoTokenIsRefusedInWords() {
    assertThatThrownBy(() -> JoinToken.parse("hello"))
        .isInstanceOf(IdentityException.class)
        .hasMessageContaining("hs1-");
    assertThatThrownBy(() -> JoinToken.parse("hs1-" + "A".repeat(10_000)))
        .isInstanceOf(IdentityException.class);
    String text = TOKEN.text();
    for (String damaged :
        List.of("hs1-", "hs1-!!!", "hs1-AAAA", text.substring(0, text.length() - 3), text + "AA")) {
      assertThatThrownBy(() -> JoinToken.parse(damaged))
          .as(damaged)
          .isInstanceOf(IdentityException.class)
          .hasMessageContaining("copy it again");
    }
  }

  @Test
  void everyFlippedCharacterIsNoticed() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < 2000; i++) {
      StringBuilder text = new StringBuilder(TOKEN.text());
      // The last character has bits that mean nothing.
      int at = random.nextInt(text.length() - 1);
      char other = alphabet.charAt(random.nextInt(alphabet.length()));
      if (text.charAt(at) != other) {
        text.setCharAt(at, other);
        assertThatThrownBy(() -> JoinToken.parse(text.toString()))
            .as("seed %d", seed)
            .isInstanceOf(IdentityException.class);
      }
    }
  }
}
