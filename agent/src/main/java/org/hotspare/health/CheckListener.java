package org.hotspare.health;

/**
 * Hears each result of each check, in the order in which they come, and where one cannot be looked.
 * Called by the one thread that watches the time for all checks: hands over what takes long.
 */
@FunctionalInterface
public interface CheckListener {
  /**
   * @param before what the check said before this result; it turned where that is not {@code
   *     now.standing().health()}
   */
  void looked(Checked now, Health before);
}
