package org.hotspare.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.1:7400",
        "alpha:1",
        "alpha.example.org:65535",
        "[::1]:7400",
        "[2001:db8::1]:7400",
        "[fe80::1%eth0]:7400",
        "[::ffff:10.0.0.1]:80"
      })
  void addressesReadAndWriteTheSame(String text) {
    assertThat(Address.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.0.1",
        "10.0.0.1:",
        ":7400",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:+80",
        "10.0.0.256:1",
        "10.0.0:1",
        "::1:7400",
        "[10.0.0.1]:7400",
        "[::1]",
        "[12345::]:1",
        "[1::2::3]:1",
        "a..b:1",
        "-a:1",
        "a b:1",
        "[::1]x:1"
      })
  void otherTextIsNone(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Address.parse(text));
  }
}
