package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.Test;

class NeighbourProtocolTest {
  private static final InetAddress SERVICE4 = InetAddress.ofLiteral("10.77.0.100");
  private static final InetAddress SERVICE6 = InetAddress.ofLiteral("fd77::100");
  private static final HardwareAddress MINE =
      new HardwareAddress(Bytes.of(new byte[] {2, 0, 0, 0, 0, 7}));

  @Test
  void anAnnouncementIsAClaim() {
    for (InetAddress service : List.of(SERVICE4, SERVICE6)) {
      NeighbourProtocol protocol = NeighbourProtocol.of(service);
      assertThat(protocol.announcement(service, MINE, false))
          .isNotEmpty()
          .allSatisfy(
              frame -> assertThat(protocol.claim(frame)).contains(new Claim(service, MINE)));
    }
  }

  @Test
  void aQuestionClaimsNothing() {
    assertThat(Arp.IT.claim(Arp.IT.question(SERVICE4, MINE)).map(Claim::address))
        .contains(InetAddress.ofLiteral("0.0.0.0"));
    assertThat(NeighbourDiscovery.IT.claim(NeighbourDiscovery.IT.question(SERVICE6, MINE)))
        .isEmpty();
  }

  @Test
  void framesAreAsTheStandardsHaveThem() {
    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(Arp.IT.announcement(SERVICE4, MINE, false).get(1).array()))
        .isEqualTo(
            "ffffffffffff"
                + "020000000007"
                + "0806"
                + "0001080006040002"
                + "020000000007"
                + "0a4d0064"
                + "020000000007"
                + "0a4d0064");
    String advertisement =
        hex.formatHex(NeighbourDiscovery.IT.announcement(SERVICE6, MINE, true).get(0).array());
    assertThat(advertisement)
        .startsWith(
            "333300000001"
                + "020000000007"
                + "86dd"
                + "60000000"
                + "0020"
                + "3a"
                + "ff"
                + "fd770000000000000000000000000100"
                + "ff020000000000000000000000000001"
                + "8800")
        .endsWith("a0000000" + "fd770000000000000000000000000100" + "0201" + "020000000007");
  }

  @Test
  void damagedFramesAreNoClaimOrOneOfSomethingElse() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (InetAddress service : List.of(SERVICE4, SERVICE6)) {
      NeighbourProtocol protocol = NeighbourProtocol.of(service);
      byte[] whole = protocol.announcement(service, MINE, false).getFirst().array();
      for (int i = 0; i < 20_000; i++) {
        byte[] frame = Arrays.copyOf(whole, random.nextInt(whole.length + 20));
        for (int changes = random.nextInt(4); changes > 0 && frame.length > 0; changes--) {
          frame[random.nextInt(frame.length)] = (byte) random.nextInt();
        }
        boolean isShort = frame.length < whole.length - 8;
        assertThat(protocol.claim(Bytes.of(frame)).isPresent() && isShort)
            .as("seed %d: %s", seed, HexFormat.of().formatHex(frame))
            .isFalse();
      }
    }
  }

  @Test
  void anAdvertisementOfWhichAnythingWasChangedIsNoClaim() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] whole = NeighbourDiscovery.IT.announcement(SERVICE6, MINE, false).getFirst().array();
    // Before that are Ethernet's header, and what routers change on the way.
    for (int at = 18; at < whole.length; at++) {
      byte[] frame = whole.clone();
      frame[at] ^= (byte) (1 + random.nextInt(255));
      assertThat(NeighbourDiscovery.IT.claim(Bytes.of(frame)))
          .as("seed %d: %s", seed, HexFormat.of().formatHex(frame))
          .isEmpty();
    }
  }
}
