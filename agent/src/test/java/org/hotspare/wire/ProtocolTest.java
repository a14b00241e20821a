package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProtocolTest {
  @Test
  void bothSidesSpeakTheHighestVersionThatBothKnow() throws ProtocolException {
    assertThat(Protocol.choose(1, 3, hello(2, 9))).isEqualTo(3);
    assertThat(Protocol.choose(1, 3, hello(1, 2))).isEqualTo(2);
    assertThat(Protocol.choose(1, 1, hello(1, 1))).isEqualTo(1);
  }

  @Test
  void withoutACommonVersionBothRangesAreNamed() {
    assertThatThrownBy(() -> Protocol.choose(1, 3, hello(4, 5)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("4 to 5")
        .hasMessageContaining("1 to 3");
    assertThatThrownBy(() -> Protocol.choose(3, 4, hello(1, 2))).hasMessageContaining("1 to 2");
  }

  private static Frame.Hello hello(int lowest, int highest) {
    return new Frame.Hello(lowest, highest, "web", "beta", "0.2.0");
  }
}
