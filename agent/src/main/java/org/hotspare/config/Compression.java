package org.hotspare.config;

/** Whether what is sent is compressed; {@code AUTO} where that makes it faster. */
public enum Compression {
  AUTO,
  ON,
  OFF
}
