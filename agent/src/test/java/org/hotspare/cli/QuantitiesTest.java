package org.hotspare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuantitiesTest {
  @Test
  void countsHaveTheirNoun() {
    assertThat(Quantities.count(0, "change", "changes")).isEqualTo("0 changes");
    assertThat(Quantities.count(1, "change", "changes")).isEqualTo("1 change");
    assertThat(Quantities.count(57_049, "change", "changes")).isEqualTo("57,049 changes");
  }

  @Test
  void bytesHaveTheUnitThatKeepsThemShort() {
    assertThat(Quantities.bytes(0)).isEqualTo("0 bytes");
    assertThat(Quantities.bytes(1)).isEqualTo("1 byte");
    assertThat(Quantities.bytes(1023)).isEqualTo("1023 bytes");
    assertThat(Quantities.bytes(1024)).isEqualTo("1.0 KiB");
    assertThat(Quantities.bytes(12_288)).isEqualTo("12 KiB");
    assertThat(Quantities.bytes(1_048_575)).isEqualTo("1.0 MiB");
    assertThat(Quantities.bytes(Long.MAX_VALUE)).isEqualTo("8.0 EiB");
  }

  @Test
  void timesHaveTwoUnitsAtMost() {
    assertThat(Quantities.seconds(-1)).isEqualTo("0.0 s");
    assertThat(Quantities.seconds(0.44)).isEqualTo("0.4 s");
    assertThat(Quantities.seconds(9.94)).isEqualTo("9.9 s");
    assertThat(Quantities.seconds(59.4)).isEqualTo("59 s");
    assertThat(Quantities.seconds(59.6)).isEqualTo("1 min");
    assertThat(Quantities.seconds(200)).isEqualTo("3 min 20 s");
    assertThat(Quantities.seconds(7500)).isEqualTo("2 h 5 min");
    assertThat(Quantities.seconds(273_600)).isEqualTo("3 d 4 h");
  }
}
