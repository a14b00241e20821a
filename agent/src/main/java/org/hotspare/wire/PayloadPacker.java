package org.hotspare.wire;

import java.nio.ByteBuffer;

/** Makes a payload smaller where that pays. */
@FunctionalInterface
interface PayloadPacker {
  /** Leaves every payload as it is. */
  PayloadPacker NONE = payload -> payload;

  /**
   * One zstd frame shorter than {@code payload}, or the same bytes. Called by several threads at
   * once; does not move the buffer's position.
   */
  ByteBuffer pack(ByteBuffer payload);
}
