package org.hotspare.wire;

/** Which versions of the protocol this program speaks, and which one two sides choose. */
public final class Protocol {
  public static final int VERSION = 1;
  public static final int LOWEST = 1;

  private Protocol() {}

  /**
   * The highest version that both sides speak.
   *
   * @throws ProtocolException if there is none, naming both ranges
   */
  static int choose(int lowest, int highest, Frame.Hello hello) throws ProtocolException {
    int common = Math.min(highest, hello.highestProtocol());
    if (common < lowest || common < hello.lowestProtocol()) {
      throw new ProtocolException(
          "node %s (hotspare %s) speaks protocol %s, this node speaks %s: update the older one"
              .formatted(
                  hello.node(),
                  hello.version(),
                  range(hello.lowestProtocol(), hello.highestProtocol()),
                  range(lowest, highest)));
    }
    return common;
  }

  private static String range(int lowest, int highest) {
    return lowest == highest ? String.valueOf(lowest) : lowest + " to " + highest;
  }
}
