package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AttemptLimitTest {
  private static final Instant NOW = Instant.EPOCH;

  @Test
  void fiveWrongOnesAMinuteAndAddress() throws UnknownHostException {
    AttemptLimit limit = new AttemptLimit();
    for (int i = 0; i < AttemptLimit.ATTEMPTS; i++) {
      assertThat(limit.begin(address(1), NOW.plusSeconds(i))).isTrue();
    }
    assertThat(limit.begin(address(1), NOW.plusSeconds(59))).isFalse();
    assertThat(limit.begin(address(2), NOW.plusSeconds(59))).isTrue();
    assertThat(limit.begin(address(1), NOW.plusSeconds(61))).isTrue();
  }

  @Test
  void rightOnesAreNotCounted() throws UnknownHostException {
    AttemptLimit limit = new AttemptLimit();
    for (int i = 0; i < 20; i++) {
      assertThat(limit.begin(address(1), NOW)).isTrue();
      limit.succeeded(address(1));
    }
  }

  @Test
  void manyAddressesTakeNoMoreMemoryThanAllowed() throws UnknownHostException {
    AttemptLimit limit = new AttemptLimit();
    for (int i = 0; i < AttemptLimit.ADDRESSES; i++) {
      assertThat(limit.begin(address(i), NOW)).isTrue();
    }
    assertThat(limit.begin(address(-1), NOW)).isFalse();
    assertThat(limit.begin(address(-1), NOW.plusSeconds(61))).isTrue();
  }

  private static InetAddress address(int number) throws UnknownHostException {
    return InetAddress.getByAddress(
        new byte[] {10, (byte) (number >> 16), (byte) (number >> 8), (byte) number});
  }
}
