package org.hotspare.wire;

/** Whether payloads are compressed; {@code AUTO} where they shrink and the link is the slower. */
public enum CompressionMode {
  AUTO,
  ON,
  OFF
}
