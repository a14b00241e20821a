package org.hotspare.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

  private static final int DELETE_ADDRESS = 21;

  /** What is read at a time; the rest is there the next time. */
  private static final int MAX_DATAGRAMS = 64;

  private final NetlinkSocket socket;
  private final int own;

  /**
   * What happened since the last time.
   *
   * @param any whether anything did, or may have
   * @param complete whether nothing was lost: else also an address that is not told was removed
   * @param removed the addresses that were taken from their interface, as they were
   */
  public record News(boolean any, boolean complete, List<AssignedAddress> removed) {}

  private NetworkEvents(NetlinkSocket socket, int own) {
    this.socket = socket;
    this.own = own;
  }

  /**
   * @param own what this process puts under that origin does not count as something that happened,
   *     from Linux 5.18 on; its removal does
   */
  public static NetworkEvents open(int own) throws LinuxException {
    NetlinkSocket socket = NetlinkSocket.open(Rtnetlink.NETLINK_ROUTE);
    try {
      socket.subscribe(GROUP_LINK | GROUP_IPV4_ADDRESS | GROUP_IPV6_ADDRESS);
      return new NetworkEvents(socket, own);
    } catch (LinuxException failed) {
      socket.close();
      throw failed;
    }
  }

  /** Takes what has come; does not wait. */
  public News read() throws LinuxException {
    boolean any = false;
    boolean complete = true;
    List<AssignedAddress> removed = new ArrayList<>();
    for (int i = 0; i < MAX_DATAGRAMS; i++) {
      List<NetlinkReply> messages;
      try {
        messages = socket.receiveAll("network events");
      } catch (LinuxException lost) {
        if (!lost.is(Errno.ENOBUFS)) {
          throw lost;
        }
        complete = false;
        continue;
      }
      if (messages.isEmpty()) {
        break;
      }
      for (NetlinkReply message : messages) {
        any |= counts(message, removed);
      }
    }
    return new News(any || !complete, complete, List.copyOf(removed));
  }

  private boolean counts(NetlinkReply message, List<AssignedAddress> removed)
      throws LinuxException {
    if (message.type() != NEW_ADDRESS && message.type() != DELETE_ADDRESS) {
      return true;
    }
    Optional<AssignedAddress> address = Rtnetlink.address(message);
    if (message.type() == DELETE_ADDRESS) {
      address.ifPresent(removed::add);
      return true;
    }
    return address.isPresent() && address.get().origin() != own;
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
