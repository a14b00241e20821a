package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The first address of an IPv4 network takes the others with it when it goes, unless the kernel is
 * told otherwise: and the first may be a service address, and the others the machine's own. This
 * tells it. An interface that is made again has forgotten.
 */
final class SecondaryAddresses {
  private static final String SETTING = "promote_secondaries";
  private static final Path SETTINGS = Path.of("/proc/sys/net/ipv4/conf");

  private final String interfaceName;

  SecondaryAddresses(String interfaceName) {
    this.interfaceName = interfaceName;
  }

  /**
   * Has them stay, if they do not.
   *
   * @return what was changed, or could not be, in a sentence; empty if there was nothing to do
   */
  Optional<String> keep() {
    try {
      if (areKept()) {
        return Optional.empty();
      }
      Files.writeString(own(), "1");
      return Optional.of(
          "net.ipv4.conf.%s.%s was set to 1: other addresses of %s stay when a service address goes"
              .formatted(interfaceName, SETTING, interfaceName));
    } catch (IOException refused) {
      return Optional.of(
          "net.ipv4.conf.%s.%s cannot be set to 1, so other addresses of %s may go with a service address: %s"
              .formatted(interfaceName, SETTING, interfaceName, refused));
    }
  }

  /**
   * @throws IOException if that cannot be found out
   */
  boolean areKept() throws IOException {
    return !isZero(SETTINGS.resolve("all").resolve(SETTING)) || !isZero(own());
  }

  private Path own() {
    return SETTINGS.resolve(interfaceName).resolve(SETTING);
  }

  private static boolean isZero(Path setting) throws IOException {
    return Files.readString(setting).strip().equals("0");
  }
}
