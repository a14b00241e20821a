package org.hotspare.linux;

import java.util.List;

/**
 * Tells that something happened to the interfaces and addresses of the network namespace in which
 * it was opened. Owned by one thread.
 */
public final class NetworkEvents extends EventSocket {
  private static final int GROUP_LINK = 0x1;
  private static final int GROUP_IPV4_ADDRESS = 0x10;
  private static final int GROUP_IPV6_ADDRESS = 0x100;

  /** What is told of addresses that are added or get a new lifetime. */
  private static final int NEW_ADDRESS = 20;

  /** What is read at a time; the rest is there the next time. */
  private static final int MAX_DATAGRAMS = 64;

  private final NetlinkSocket socket;

  private NetworkEvents(NetlinkSocket socket) {
    this.socket = socket;
  }

  public static NetworkEvents open() throws LinuxException {
    NetlinkSocket socket = NetlinkSocket.open(Rtnetlink.NETLINK_ROUTE);
    try {
      socket.subscribe(GROUP_LINK | GROUP_IPV4_ADDRESS | GROUP_IPV6_ADDRESS);
      return new NetworkEvents(socket);
    } catch (LinuxException failed) {
      socket.close();
      throw failed;
    }
  }

  /**
   * Takes what has come; does not wait.
   *
   * @return whether an address was removed or an interface changed, or events were lost, so that
   *     they may have been; new addresses do not count
   */
  public boolean read() throws LinuxException {
    boolean happened = false;
    for (int i = 0; i < MAX_DATAGRAMS; i++) {
      List<NetlinkReply> messages;
      try {
        messages = socket.receiveAll("network events");
      } catch (LinuxException lost) {
        if (!lost.is(Errno.ENOBUFS)) {
          throw lost;
        }
        happened = true;
        continue;
      }
      if (messages.isEmpty()) {
        break;
      }
      happened |= messages.stream().anyMatch(message -> message.type() != NEW_ADDRESS);
    }
    return happened;
  }

  @Override
  int descriptor() {
    return socket.number();
  }

  @Override
  public void close() {
    socket.close();
  }
}
