package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class WatchdogDeviceTest {
  private static WatchdogDevice.Support support(int options, String identity) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(40, 4);
      info.set(ValueLayout.JAVA_INT, 0, options);
      MemorySegment.copy(
          identity.getBytes(StandardCharsets.US_ASCII),
          0,
          info,
          ValueLayout.JAVA_BYTE,
          8,
          identity.length());
      return WatchdogDevice.support(info);
    }
  }

  /** As the kernel's drivers say it: softdog, and one that stops when it is closed. */
  @Test
  void whatADriverSaysOfItselfIsUnderstood() {
    assertThat(support(0x8180, "Software Watchdog"))
        .isEqualTo(new WatchdogDevice.Support(true, "Software Watchdog"));
    assertThat(support(0x8080, "x".repeat(32)))
        .isEqualTo(new WatchdogDevice.Support(false, "x".repeat(32)));
  }
}
