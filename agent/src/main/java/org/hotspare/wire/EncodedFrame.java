package org.hotspare.wire;

import java.nio.ByteBuffer;

/**
 * A frame ready to be written: first {@code head} (both lengths and the header), then what remains
 * of {@code payload}.
 */
record EncodedFrame(ByteBuffer head, ByteBuffer payload) {
  int length() {
    return head.remaining() + payload.remaining();
  }
}
