package org.hotspare.delta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class LayoutTest {
  private static Layout.Builder of(long size) {
    return new Layout.Builder(size);
  }

  @Test
  void onlyWholeUnitsCount() {
    assertThat(of(100_000).identity()).isEqualTo(Layout.NONE);
    assertThat(of(100_000).hole(1, 8000).identity()).isEqualTo(Layout.NONE);
    assertThat(of(100_000).hole(1, 8191).identity())
        .isEqualTo(of(100_000).hole(4096, 4096).identity())
        .isNotEqualTo(Layout.NONE);
  }

  @Test
  void holesThatTouchAreOne() {
    assertThat(of(100_000).hole(0, 4096).hole(4096, 8192).identity())
        .isEqualTo(of(100_000).hole(0, 12288).identity())
        .isNotEqualTo(of(100_000).hole(0, 4096).hole(8192, 4096).identity());
  }

  @Test
  void holeAtTheEndReachesIt() {
    assertThat(of(4097).hole(4096, 1).identity()).isNotEqualTo(Layout.NONE);
    assertThat(of(10).hole(0, 10).identity()).isNotEqualTo(Layout.NONE);
  }

  @Test
  void holesOutOfOrderAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(100_000).hole(8192, 4096).hole(4096, 4096));
    assertThatIllegalArgumentException().isThrownBy(() -> of(100).hole(0, 101));
    assertThatIllegalArgumentException().isThrownBy(() -> of(100).hole(50, Long.MAX_VALUE));
  }
}
