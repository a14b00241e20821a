package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceAddressTest {
  @Test
  void areReadWithTheLengthOfTheirNetwork() {
    for (String text : List.of("10.0.0.100/24", "192.0.2.7/32", "10.0.0.1/1")) {
      assertThat(ServiceAddress.parse(text)).asString().isEqualTo(text);
    }
    assertThat(ServiceAddress.parse("fd00::100/64"))
        .isEqualTo(new ServiceAddress(InetAddress.ofLiteral("fd00::100"), 64));
    assertThat(ServiceAddress.parse("fe80::1/128").isIpv4()).isFalse();
  }

  @Test
  void whatIsNotTheAddressOfOneMachineInANetworkIsRefused() {
    List<String> refused =
        List.of(
            "",
            "10.0.0.100",
            "10.100/24",
            "10/8",
            "10.0.0.256/24",
            "10.0.0.1/33",
            "10.0.0.1/0",
            "fd00::1/129",
            "fd00::1/0",
            "fd00/64",
            "224.0.0.1/24",
            "ff02::1/64",
            "0.0.0.0/24",
            "::/64",
            "127.0.0.1/8",
            "::1/128",
            "localhost/24",
            "fe80::1%eth0/64",
            "10.0.0.1/24 ");
    for (String text : refused) {
      assertThatThrownBy(() -> ServiceAddress.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aNetworkIsToldByItsFirstBits() {
    ServiceAddress service = ServiceAddress.parse("10.0.1.100/23");
    assertThat(service.hasInNetwork(InetAddress.ofLiteral("10.0.0.1"))).isTrue();
    assertThat(service.hasInNetwork(InetAddress.ofLiteral("10.0.2.1"))).isFalse();
    assertThat(service.hasInNetwork(InetAddress.ofLiteral("fd00::1"))).isFalse();
  }
}
