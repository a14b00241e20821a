package org.hotspare.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AmountsTest {
  @Test
  void durationsHaveUnits() {
    assertThat(Amounts.duration("500ms")).isEqualTo(Duration.ofMillis(500));
    assertThat(Amounts.duration("2s")).isEqualTo(Duration.ofSeconds(2));
    assertThat(Amounts.duration("0.5s")).isEqualTo(Duration.ofMillis(500));
    assertThat(Amounts.duration("10m")).isEqualTo(Duration.ofMinutes(10));
    assertThat(Amounts.duration("4h")).isEqualTo(Duration.ofHours(4));
    assertThat(Amounts.duration("7d")).isEqualTo(Duration.ofDays(7));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "2", "s", "-1s", "0s", "2 weeks", "2S", "99999999d", "1e3s", "0.0001ms"})
  void otherTextIsNoDuration(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Amounts.duration(text));
  }

  @Test
  void sizesAreDecimalOrBinary() {
    assertThat(Amounts.bytes("17")).isEqualTo(17);
    assertThat(Amounts.bytes("64KiB")).isEqualTo(65_536);
    assertThat(Amounts.bytes("50MB")).isEqualTo(50_000_000);
    assertThat(Amounts.bytes("20GiB")).isEqualTo(20L << 30);
    assertThat(Amounts.bytes("1.5 kB")).isEqualTo(1500);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "1XB", "999999999999TiB", "1MB/s", "1Mbit"})
  void otherTextIsNoSize(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Amounts.bytes(text));
  }

  @Test
  void ratesAreBytesOrBitsPerSecond() {
    assertThat(Amounts.bytesPerSecond("50MB/s")).isEqualTo(50_000_000);
    assertThat(Amounts.bytesPerSecond("20Mbit/s")).isEqualTo(2_500_000);
    assertThat(Amounts.bytesPerSecond("1GiB/s")).isEqualTo(1L << 30);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "50MB", "1/s", "1bit/s", "0MB/s", "1MB/m"})
  void otherTextIsNoRate(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Amounts.bytesPerSecond(text));
  }

  @Test
  void sharesArePercentages() {
    assertThat(Amounts.share("50%")).isEqualTo(0.5);
    assertThat(Amounts.share("200 %")).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "50", "0%", "half", "%"})
  void otherTextIsNoShare(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Amounts.share(text));
  }
}
