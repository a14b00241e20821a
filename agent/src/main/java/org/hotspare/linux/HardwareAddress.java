package org.hotspare.linux;

import java.util.HexFormat;
import org.hotspare.tree.Bytes;

/** An Ethernet address, printed as {@code 02:00:00:00:00:01}. */
public record HardwareAddress(Bytes bytes) {
  public static final int BYTES = 6;

  private static final HexFormat FORMAT = HexFormat.ofDelimiter(":");

  public HardwareAddress {
    if (bytes.length() != BYTES) {
      throw new IllegalArgumentException("not an Ethernet address: " + bytes.length() + " bytes");
    }
  }

  @Override
  public String toString() {
    return FORMAT.formatHex(bytes.array());
  }
}
