package org.hotspare.linux;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hotspare.tree.Bytes;

/**
 * The network interfaces of the network namespace in which it was opened, their addresses and
 * routes; without the program {@code ip}. Changes need CAP_NET_ADMIN. A call may have to wait
 * inside the kernel, which makes all such changes of a machine one after the other. Owned by one
 * thread.
 */
public final class Rtnetlink implements AutoCloseable {
  /** How this is called in a {@link LinuxException}. */
  static final String NAME = "rtnetlink";

  static final int NETLINK_ROUTE = 0;

  private static final int NEW_LINK = 16;
  private static final int GET_LINK = 18;
  private static final int NEW_ADDRESS = 20;
  private static final int DELETE_ADDRESS = 21;
  private static final int GET_ADDRESS = 22;
  private static final int NEW_ROUTE = 24;
  private static final int DELETE_ROUTE = 25;

  private static final int LINK_FIXED_BYTES = 16;
  private static final int LINK_HARDWARE = 1;
  private static final int LINK_NAME = 3;
  private static final int LINK_TYPE_ETHERNET = 1;
  private static final int LINK_UP = 0x1;
  private static final int LINK_LOOPBACK = 0x8;
  private static final int LINK_LOWER_UP = 0x1_0000;

  private static final int ADDRESS_FIXED_BYTES = 8;
  private static final int ADDRESS_PREFIX = 1;
  private static final int ADDRESS_LOCAL = 2;
  private static final int ADDRESS_LIFETIME = 6;
  private static final int ADDRESS_LIFETIME_BYTES = 16;
  private static final int ADDRESS_FLAGS = 8;
  private static final int ADDRESS_ORIGIN = 11;

  private static final int ROUTE_FIXED_BYTES = 12;
  private static final int ROUTE_DESTINATION = 1;
  private static final int ROUTE_INTERFACE = 4;
  private static final int ROUTE_METRIC = 6;
  private static final int ROUTE_LIFETIME = 23;
  private static final byte MAIN_TABLE = (byte) 254;
  private static final byte ROUTE_UNICAST = 1;

  private static final byte AF_INET = 2;
  private static final byte AF_INET6 = 10;

  private static final int MAX_REQUEST_BYTES = 1024;

  /** Of a list. The kernel puts many entries into one. */
  private static final int MAX_DATAGRAMS = 10_000;

  /** How often a list is asked for that changes all the time. */
  private static final int MAX_LISTS = 20;

  private final NetlinkSocket socket;

  private Rtnetlink(NetlinkSocket socket) {
    this.socket = socket;
  }

  public static Rtnetlink open() throws LinuxException {
    return new Rtnetlink(NetlinkSocket.open(NETLINK_ROUTE));
  }

  // ---- interfaces

  /** The interface of that name; empty if there is none. */
  public Optional<NetworkLink> findLink(String name) throws LinuxException {
    return find(name, 0, name);
  }

  /** The interface of that number; empty if there is none. */
  public Optional<NetworkLink> findLink(int index) throws LinuxException {
    return find("", index, "interface " + index);
  }

  private Optional<NetworkLink> find(String name, int index, String what) throws LinuxException {
    int sequence = socket.nextSequence();
    NetlinkWriter question = new NetlinkWriter(MAX_REQUEST_BYTES);
    question.message(
        GET_LINK, 0, sequence, allocate(LINK_FIXED_BYTES).putInt(Integer.BYTES, index).array());
    if (!name.isEmpty()) {
      question.string(LINK_NAME, name);
    }
    socket.send(question.finish(), what);
    NetlinkReply reply = socket.receive(sequence, what);
    if (reply.error() == Errno.ENODEV.number()) {
      return Optional.empty();
    }
    if (reply.isOutcome() || reply.type() != NEW_LINK) {
      throw new LinuxException(reply.error(), NAME, "get " + what);
    }
    return Optional.of(link(reply));
  }

  /** All interfaces. */
  public List<NetworkLink> links() throws LinuxException {
    List<NetworkLink> all = new ArrayList<>();
    for (NetlinkReply reply : list(GET_LINK, LINK_FIXED_BYTES, "interfaces")) {
      all.add(link(reply));
    }
    return all;
  }

  private static NetworkLink link(NetlinkReply reply) throws LinuxException {
    ByteBuffer fixed = reply.payload();
    require(reply.type() == NEW_LINK && fixed.limit() >= LINK_FIXED_BYTES, "interface");
    int type = fixed.getShort(2);
    int flags = fixed.getInt(8);
    Optional<ByteBuffer> hardware = reply.attribute(LINK_FIXED_BYTES, LINK_HARDWARE);
    boolean ethernet =
        type == LINK_TYPE_ETHERNET
            && hardware.isPresent()
            && hardware.get().limit() == HardwareAddress.BYTES;
    return new NetworkLink(
        name(reply.attribute(LINK_FIXED_BYTES, LINK_NAME)),
        fixed.getInt(Integer.BYTES),
        (flags & LINK_UP) != 0,
        (flags & LINK_LOWER_UP) != 0,
        (flags & LINK_LOOPBACK) != 0,
        ethernet
            ? hardware.map(bytes -> new HardwareAddress(Bytes.wrap(array(bytes))))
            : Optional.empty());
  }

  /** Ended by NUL. */
  private static String name(Optional<ByteBuffer> attribute) throws LinuxException {
    require(attribute.isPresent() && attribute.get().limit() > 0, "interface name");
    byte[] bytes = array(attribute.get());
    return new String(bytes, 0, bytes.length - 1, StandardCharsets.US_ASCII);
  }

  // ---- addresses

  /** All addresses of all interfaces. */
  public List<AssignedAddress> addresses() throws LinuxException {
    List<AssignedAddress> all = new ArrayList<>();
    for (NetlinkReply reply : list(GET_ADDRESS, ADDRESS_FIXED_BYTES, "addresses")) {
      address(reply).ifPresent(all::add);
    }
    return all;
  }

  /** Empty for another family than IPv4 and IPv6. */
  static Optional<AssignedAddress> address(NetlinkReply reply) throws LinuxException {
    ByteBuffer fixed = reply.payload();
    boolean told = reply.type() == NEW_ADDRESS || reply.type() == DELETE_ADDRESS;
    require(told && fixed.limit() >= ADDRESS_FIXED_BYTES, "address");
    byte family = fixed.get(0);
    if (family != AF_INET && family != AF_INET6) {
      return Optional.empty();
    }
    // Of a connection from point to point the prefix is the other end's.
    Optional<ByteBuffer> local = reply.attribute(ADDRESS_FIXED_BYTES, ADDRESS_LOCAL);
    if (local.isEmpty()) {
      local = reply.attribute(ADDRESS_FIXED_BYTES, ADDRESS_PREFIX);
    }
    require(local.isPresent(), "address without an address");
    ByteBuffer lifetime =
        reply.attribute(ADDRESS_FIXED_BYTES, ADDRESS_LIFETIME).orElse(allocate(0));
    boolean hasLifetime = lifetime.limit() >= ADDRESS_LIFETIME_BYTES;
    long valid =
        hasLifetime
            ? lifetime.getInt(Integer.BYTES) & AssignedAddress.FOREVER
            : AssignedAddress.FOREVER;
    long preferred = hasLifetime ? lifetime.getInt(0) & AssignedAddress.FOREVER : valid;
    Optional<ByteBuffer> flags = reply.attribute(ADDRESS_FIXED_BYTES, ADDRESS_FLAGS);
    Optional<ByteBuffer> origin = reply.attribute(ADDRESS_FIXED_BYTES, ADDRESS_ORIGIN);
    return Optional.of(
        new AssignedAddress(
            fixed.getInt(Integer.BYTES),
            address(family, local.get()),
            fixed.get(1) & 0xff,
            flags.isPresent() && flags.get().limit() >= Integer.BYTES
                ? flags.get().getInt(0)
                : fixed.get(2) & 0xff,
            Math.min(preferred, valid),
            valid,
            origin.isPresent() && origin.get().limit() > 0 ? origin.get().get(0) & 0xff : 0));
  }

  private static InetAddress address(byte family, ByteBuffer bytes) throws LinuxException {
    require(bytes.limit() == (family == AF_INET ? 4 : 16), "length of an address");
    try {
      return InetAddress.getByAddress(array(bytes));
    } catch (UnknownHostException impossible) {
      throw new AssertionError("its length was checked", impossible);
    }
  }

  /**
   * Makes it so: adds the address to its interface, or changes the flags and lifetimes of the one
   * that is there. Of an IPv6 address the prefix length stays what it was, and a {@link
   * AssignedAddress#DUPLICATE} stays unused.
   *
   * @throws IllegalArgumentException for one without a lifetime
   * @throws LinuxException EPERM without the privilege, ENODEV without the interface, EACCES where
   *     IPv6 is turned off on it
   */
  public void put(AssignedAddress wanted) throws LinuxException {
    if (wanted.validSeconds() < 1) {
      throw new IllegalArgumentException("to be put for no time: " + wanted);
    }
    NetlinkWriter request = new NetlinkWriter(MAX_REQUEST_BYTES);
    int sequence = socket.nextSequence();
    int how = NetlinkWriter.CREATE | NetlinkWriter.REPLACE | NetlinkWriter.ACKNOWLEDGE;
    request.message(NEW_ADDRESS, how, sequence, fixed(wanted));
    writeAddress(request, wanted);
    request.bytes(
        ADDRESS_LIFETIME,
        allocate(ADDRESS_LIFETIME_BYTES)
            .putInt((int) wanted.preferredSeconds())
            .putInt((int) wanted.validSeconds())
            .array());
    request.bytes(ADDRESS_FLAGS, allocate(Integer.BYTES).putInt(wanted.flags()).array());
    request.bytes(ADDRESS_ORIGIN, new byte[] {(byte) wanted.origin()});
    String what = "put " + wanted.address().getHostAddress();
    check(outcome(request, sequence, what), what);
  }

  /**
   * Takes the address of that prefix length from its interface.
   *
   * @return false if it was not there, or there is no such interface
   * @throws LinuxException EPERM without the privilege
   */
  public boolean remove(AssignedAddress address) throws LinuxException {
    NetlinkWriter request = new NetlinkWriter(MAX_REQUEST_BYTES);
    int sequence = socket.nextSequence();
    request.message(DELETE_ADDRESS, NetlinkWriter.ACKNOWLEDGE, sequence, fixed(address));
    writeAddress(request, address);
    String what = "remove " + address.address().getHostAddress();
    int error = outcome(request, sequence, what);
    if (error == Errno.EADDRNOTAVAIL.number() || error == Errno.ENODEV.number()) {
      return false;
    }
    check(error, what);
    return true;
  }

  private static byte[] fixed(AssignedAddress address) {
    return allocate(ADDRESS_FIXED_BYTES)
        .put(address.isIpv4() ? AF_INET : AF_INET6)
        .put((byte) address.prefixLength())
        .putInt(Integer.BYTES, address.interfaceIndex())
        .array();
  }

  private static void writeAddress(NetlinkWriter request, AssignedAddress address) {
    byte[] bytes = address.address().getAddress();
    request.bytes(ADDRESS_LOCAL, bytes);
    request.bytes(ADDRESS_PREFIX, bytes);
  }

  // ---- routes

  /**
   * Makes it so: adds the route, or changes the lifetime of the one to that network that has its
   * metric.
   *
   * @throws LinuxException EPERM without the privilege, ENODEV without the interface, ENETDOWN if
   *     it is down
   */
  public void put(NetworkRoute wanted) throws LinuxException {
    int how = NetlinkWriter.CREATE | NetlinkWriter.REPLACE | NetlinkWriter.ACKNOWLEDGE;
    String what = "put a route to the network of " + wanted.network().getHostAddress();
    check(change(NEW_ROUTE, how, wanted, what), what);
  }

  /**
   * Takes the route of that metric away, whatever its lifetime.
   *
   * @return false if it was not there, or there is no such interface
   * @throws LinuxException EPERM without the privilege
   */
  public boolean remove(NetworkRoute route) throws LinuxException {
    String what = "remove the route to the network of " + route.network().getHostAddress();
    int error = change(DELETE_ROUTE, NetlinkWriter.ACKNOWLEDGE, route, what);
    if (error == Errno.ESRCH.number() || error == Errno.ENODEV.number()) {
      return false;
    }
    check(error, what);
    return true;
  }

  private int change(int type, int flags, NetworkRoute route, String what) throws LinuxException {
    byte[] fixed =
        allocate(ROUTE_FIXED_BYTES)
            .put(0, AF_INET6)
            .put(1, (byte) route.prefixLength())
            .put(4, MAIN_TABLE)
            .put(5, (byte) route.origin())
            .put(7, ROUTE_UNICAST)
            .array();
    NetlinkWriter request = new NetlinkWriter(MAX_REQUEST_BYTES);
    int sequence = socket.nextSequence();
    request.message(type, flags, sequence, fixed);
    request.bytes(ROUTE_DESTINATION, route.network().getAddress());
    request.bytes(ROUTE_INTERFACE, number(route.interfaceIndex()));
    request.bytes(ROUTE_METRIC, number(route.metric()));
    if (type == NEW_ROUTE && !route.isPermanent()) {
      request.bytes(ROUTE_LIFETIME, number((int) route.validSeconds()));
    }
    return outcome(request, sequence, what);
  }

  private static byte[] number(int number) {
    return allocate(Integer.BYTES).putInt(number).array();
  }

  // ---- questions and answers

  /**
   * All there are of a kind, at one moment. A list that changes while the kernel sends it may lack
   * what was there all the time, and is asked for again.
   *
   * @throws LinuxException EBUSY if it changed each time
   */
  private List<NetlinkReply> list(int type, int fixedBytes, String what) throws LinuxException {
    for (int i = 0; i < MAX_LISTS; i++) {
      int sequence = socket.nextSequence();
      NetlinkWriter question = new NetlinkWriter(MAX_REQUEST_BYTES);
      question.message(type, NetlinkWriter.DUMP, sequence, new byte[fixedBytes]);
      socket.send(question.finish(), what);
      List<NetlinkReply> all = new ArrayList<>();
      if (readList(sequence, all, what)) {
        return all;
      }
    }
    throw new LinuxException(Errno.EBUSY, NAME, "get " + what);
  }

  /** False if it changed meanwhile. */
  private boolean readList(int sequence, List<NetlinkReply> all, String what)
      throws LinuxException {
    boolean whole = true;
    for (int i = 0; i < MAX_DATAGRAMS; i++) {
      List<NetlinkReply> replies = socket.receiveAll(what);
      require(!replies.isEmpty(), "no end of " + what);
      for (NetlinkReply reply : replies) {
        if (reply.sequence() != sequence) {
          continue;
        }
        check(reply.error(), "get " + what);
        whole &= !reply.isInterrupted();
        if (reply.isDone()) {
          return whole;
        }
        all.add(reply);
      }
    }
    throw new LinuxException(Errno.EOVERFLOW, NAME, what);
  }

  private int outcome(NetlinkWriter request, int sequence, String what) throws LinuxException {
    socket.send(request.finish(), what);
    return socket.receive(sequence, what).error();
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  private static byte[] array(ByteBuffer bytes) {
    byte[] array = new byte[bytes.limit()];
    bytes.get(0, array);
    return array;
  }

  private static void require(boolean condition, String what) throws LinuxException {
    if (!condition) {
      throw new LinuxException(Errno.EUCLEAN, NAME, what);
    }
  }

  private static void check(int error, String what) throws LinuxException {
    if (error != 0) {
      throw new LinuxException(error, NAME, what);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
