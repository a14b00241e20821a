package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.linux.PacketFilter.Field;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.Test;

class RtnetlinkTest {
  /** Changes addresses of a network of its own and prints what came of it. */
  static final class Changes {
    private Changes() {}

    public static void main(String[] arguments) throws LinuxException {
      try (Rtnetlink netlink = Rtnetlink.open();
          NetworkEvents events = NetworkEvents.open(0x68)) {
        NetworkLink lo = netlink.findLink("lo").orElseThrow();
        System.out.println(lo + " " + netlink.findLink(lo.index()).equals(Optional.of(lo)));
        System.out.println("absent " + netlink.findLink("absent") + netlink.findLink(77));
        for (String address : List.of("10.9.9.9", "fd99::9")) {
          AssignedAddress wanted = address(lo, address, 100);
          netlink.put(wanted);
          System.out.println("event " + events.read().any());
          System.out.println(find(netlink, wanted));
          netlink.put(address(lo, address, AssignedAddress.FOREVER));
          System.out.println("event " + events.read().any());
          System.out.println(find(netlink, wanted));
          System.out.println(netlink.remove(wanted) + " " + netlink.remove(wanted));
          NetworkEvents.News news = events.read();
          System.out.println(
              "event %s %s removed %s"
                  .formatted(
                      news.any(),
                      events.read().any(),
                      news.removed().stream().map(each -> find(wanted, each)).toList()));
          netlink.put(new AssignedAddress(lo.index(), wanted.address(), 30, 0, 9, 9, 0x69));
          System.out.println("of others " + events.read().any() + " " + netlink.remove(wanted));
          events.read();
        }
        for (int i = 0; i < 2_000; i++) {
          netlink.put(address(lo, "10.10.%d.%d".formatted(i / 250, i % 250), 100));
        }
        System.out.println("all " + netlink.addresses().size());
        // More events than there is room for: some are lost, and that is told.
        for (AssignedAddress each : netlink.addresses()) {
          netlink.remove(each);
        }
        System.out.println(
            "complete " + events.read().complete() + ", left " + netlink.addresses().size());
        try {
          netlink.put(new AssignedAddress(77, InetAddress.ofLiteral("10.9.9.9"), 32, 0, 1, 1, 0));
        } catch (LinuxException e) {
          System.out.println(e.getMessage());
        }
      }
    }

    private static AssignedAddress address(NetworkLink link, String address, long seconds) {
      return new AssignedAddress(
          link.index(), InetAddress.ofLiteral(address), 30, 0, seconds, seconds, 0x68);
    }

    private static String find(Rtnetlink netlink, AssignedAddress wanted) throws LinuxException {
      AssignedAddress found =
          netlink.addresses().stream()
              .filter(each -> each.address().equals(wanted.address()))
              .findFirst()
              .orElseThrow();
      return find(wanted, found);
    }

    private static String find(AssignedAddress wanted, AssignedAddress found) {
      return "%s/%d %s %d %s"
          .formatted(
              found.address().getHostAddress(),
              found.prefixLength(),
              found.isPermanent() ? "permanent" : found.validSeconds() > 90 ? "100" : "less",
              found.origin(),
              found.interfaceIndex() == wanted.interfaceIndex());
    }
  }

  @Test
  void addressesArePutChangedListedAndRemoved() {
    assertThat(UserNamespace.runWithNetwork(Changes.class))
        .containsExactly(
            "NetworkLink[name=lo, index=1, up=false, carrier=false, loopback=true,"
                + " hardware=Optional.empty] true",
            "absent Optional.emptyOptional.empty",
            "event false",
            "10.9.9.9/30 100 104 true",
            "event false",
            "10.9.9.9/30 permanent 104 true",
            "true false",
            "event true false removed [10.9.9.9/30 permanent 104 true]",
            "of others true true",
            "event false",
            "fd99:0:0:0:0:0:0:9/30 100 104 true",
            "event false",
            "fd99:0:0:0:0:0:0:9/30 permanent 104 true",
            "true false",
            "event true false removed [fd99:0:0:0:0:0:0:9/30 permanent 104 true]",
            "of others true true",
            "all 2000",
            "complete false, left 0",
            "rtnetlink \"put 10.9.9.9\": No such device (ENODEV)");
  }

  /** Lists addresses while others come and go, and prints whether any of the rest was missed. */
  static final class Churn {
    private static final int STEADY = 1_500;

    private Churn() {}

    public static void main(String[] arguments) throws Exception {
      AtomicBoolean ended = new AtomicBoolean();
      Thread churn = Thread.ofPlatform().start(() -> churn(ended));
      int missed = 0;
      int lists = 0;
      try (Rtnetlink netlink = Rtnetlink.open()) {
        NetworkLink lo = netlink.findLink("lo").orElseThrow();
        for (int i = 0; i < STEADY; i++) {
          netlink.put(Changes.address(lo, "10.10.%d.%d".formatted(i / 250, i % 250), 100));
        }
        long deadline = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        while (System.nanoTime() < deadline || lists == 0) {
          try {
            long steady =
                netlink.addresses().stream()
                    .filter(each -> each.address().getHostAddress().startsWith("10.10."))
                    .count();
            missed += steady < STEADY ? 1 : 0;
            lists++;
          } catch (LinuxException busy) {
            if (!busy.is(Errno.EBUSY)) {
              throw busy;
            }
          }
        }
      } finally {
        ended.set(true);
        churn.join();
      }
      System.out.println("missed " + missed);
    }

    private static void churn(AtomicBoolean ended) {
      try (Rtnetlink netlink = Rtnetlink.open()) {
        NetworkLink lo = netlink.findLink("lo").orElseThrow();
        AssignedAddress coming = Changes.address(lo, "10.9.9.9", 100);
        while (!ended.get()) {
          netlink.put(coming);
          netlink.remove(coming);
          LockSupport.parkNanos(500_000);
        }
      } catch (LinuxException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void aListMissesNothingWhileOthersComeAndGo() {
    assertThat(UserNamespace.runWithNetwork(Churn.class)).containsExactly("missed 0");
  }

  /** Sends frames to itself and prints which of them a filter lets pass. */
  static final class Frames {
    private Frames() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
      new ProcessBuilder("ip", "link", "set", "lo", "up").inheritIO().start().waitFor();
      try (Rtnetlink netlink = Rtnetlink.open();
          Wakeup wakeup = new Wakeup()) {
        NetworkLink lo = netlink.findLink("lo").orElseThrow();
        PacketFilter filter =
            new PacketFilter(
                List.of(
                    List.of(new Field(20, Bytes.of("abcdefg")), new Field(40, Bytes.of("x"))),
                    List.of(new Field(30, Bytes.of("yz")))));
        try (PacketSocket socket = PacketSocket.open(lo, PacketSocket.Protocol.ARP, filter)) {
          send(socket, 1, "abcdefg", 20, "x", 40);
          send(socket, 2, "abcdefg", 20, "X", 40);
          send(socket, 3, "abcdefG", 20, "x", 40);
          send(socket, 4, "Abcdefg", 20, "x", 40);
          send(socket, 5, "abcdefg", 20, "yz", 30);
          send(socket, 6, "abcdefg", 21, "y", 30);
          send(socket, 7, "abcdefg", 20, "x", 40);
          while (wakeup.await(List.of(socket), Duration.ofMillis(500))) {
            System.out.println("passed " + socket.receive().orElseThrow().at(50));
          }
          System.out.println("nothing " + socket.receive());
        }
        try {
          PacketSocket.open(
              new NetworkLink("gone", 77, true, true, false, Optional.empty()),
              PacketSocket.Protocol.ARP,
              filter);
        } catch (LinuxException e) {
          System.out.println(e.getMessage());
        }
      }
    }

    private static void send(
        PacketSocket socket, int number, String first, int firstAt, String second, int secondAt)
        throws LinuxException {
      ByteBuffer frame =
          ByteBuffer.allocate(60)
              .putShort(12, PacketSocket.Protocol.ARP.etherType())
              .put(50, (byte) number)
              .put(firstAt, Bytes.of(first).array())
              .put(secondAt, Bytes.of(second).array());
      socket.send(Bytes.of(frame.array()));
    }
  }

  @Test
  void aFilterLetsFramesPassThatHaveAllFieldsOfAnAlternative() {
    assertThat(UserNamespace.runWithNetwork(Frames.class))
        .containsExactly(
            "passed 1",
            "passed 5",
            "passed 7",
            "nothing Optional.empty",
            "bind \"gone\": No such device (ENODEV)");
  }

  @Test
  void listsOfMessagesAreReadOnlyIfTheyAreWhole() throws LinuxException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 100_000; i++) {
      ByteBuffer datagram = ByteBuffer.allocate(random.nextInt(96)).order(ByteOrder.nativeOrder());
      random.nextBytes(datagram.array());
      if (datagram.capacity() >= 24) {
        datagram.putInt(0, 16 + random.nextInt(60));
        datagram.putShort(20, (short) random.nextInt(48));
      }
      try {
        for (NetlinkReply reply : NetlinkReply.parseAll(datagram)) {
          reply.attribute(4, random.nextInt(4));
        }
      } catch (LinuxException e) {
        assertThat(e.errno()).as("seed %d", seed).isEqualTo(Errno.EUCLEAN);
        refused++;
      }
    }
    assertThat(refused).as("seed %d", seed).isBetween(1_000, 99_999);
  }
}
