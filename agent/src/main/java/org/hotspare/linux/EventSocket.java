package org.hotspare.linux;

/** A socket on which a thread waits for what comes, by {@link Wakeup#await}. */
public abstract sealed class EventSocket implements AutoCloseable
    permits NetworkEvents, PacketSocket {
  EventSocket() {}

  /**
   * @throws IllegalStateException after {@link #close}
   */
  abstract int descriptor();

  @Override
  public abstract void close();
}
