package org.hotspare.agent;

/** Where no clients are to be kept out: the lease decides about mirrors and services alone. */
final class NoGate implements ClientGate {
  private volatile boolean held;

  @Override
  public void arm(long epoch, long round, long validityNanos) {}

  @Override
  public void select(long epoch, long round) {}

  @Override
  public void shut() {}

  @Override
  public void follow(long epoch) {}

  @Override
  public void leave() {}

  @Override
  public void hold(long epoch) {
    held = true;
  }

  @Override
  public void free(LeaseHeld lease) {
    held = false;
  }

  @Override
  public boolean isHeld() {
    return held;
  }

  @Override
  public void mend() {}

  @Override
  public String state() {
    return "none";
  }

  @Override
  public void close() {}
}
