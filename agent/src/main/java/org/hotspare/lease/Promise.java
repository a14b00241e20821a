package org.hotspare.lease;

/**
 * What a voter must not forget: the highest epoch that it endorsed, and for whom. It refuses all
 * lower epochs, and this one for anybody else.
 *
 * @param candidate the node's name; empty where it endorsed nobody yet
 */
public record Promise(long epoch, String candidate) {
  /** Of a voter that never endorsed. */
  public static final Promise NONE = new Promise(0, "");
}
