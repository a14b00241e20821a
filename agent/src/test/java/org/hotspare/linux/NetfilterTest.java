package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.hotspare.linux.Netfilter.Chain;
import org.hotspare.linux.Netfilter.ChainState;
import org.hotspare.linux.Netfilter.Family;
import org.hotspare.linux.Netfilter.Table;
import org.hotspare.linux.NetfilterBatch.Hook;
import org.hotspare.linux.NetfilterExpression.Constant;
import org.hotspare.linux.NetfilterExpression.Lookup;
import org.hotspare.linux.NetfilterExpression.Verdict;
import org.hotspare.tree.Bytes;
import org.junit.jupiter.api.Test;

class NetfilterTest {
  /** Changes a packet filter of its own and prints what came of it. */
  static final class Changes {
    private static final Table TABLE = new Table(Family.INET, "t");
    private static final Bytes ELEMENT = Bytes.of("0123456789abcdef");

    private Changes() {}

    public static void main(String[] arguments) throws LinuxException {
      try (Netfilter another = Netfilter.open()) {
        try (Netfilter owner = Netfilter.open()) {
          change(owner);
          System.out.println("owned " + isOwned(another));
          NetfilterBatch foreign = another.batch();
          foreign.deleteTable(TABLE);
          say("foreign", another, foreign);
        }
        System.out.println("owned " + isOwned(another));
        NetfilterBatch adopted = another.batch();
        adopted.addTable(TABLE, NetfilterBatch.OWNED);
        say("adopted", another, adopted);
      }
    }

    private static void change(Netfilter netfilter) throws LinuxException {
      NetfilterBatch batch = netfilter.batch();
      batch.addTable(TABLE, NetfilterBatch.OWNED);
      batch.addChain(TABLE.chain("base"), Hook.PREROUTING, -300);
      batch.addChain(TABLE.chain("target"));
      batch.addRule(TABLE.chain("base"), List.of(Verdict.jump("target")));
      batch.addRule(TABLE.chain("base"), List.of(Verdict.DROP));
      batch.addSet(TABLE.set("s"));
      say("made", netfilter, batch);
      ChainState base = netfilter.find(TABLE.chain("base")).orElseThrow();
      ChainState target = netfilter.find(TABLE.chain("target")).orElseThrow();
      System.out.println("uses " + base.uses() + " " + target.uses());
      System.out.println("handles differ " + (base.handle() != target.handle()));
      System.out.println("flags " + netfilter.find(TABLE).orElseThrow().flags());
      System.out.println("absent " + netfilter.find(TABLE.chain("absent")));
      System.out.println("arp " + netfilter.find(new Table(Family.ARP, "t")));

      // Three errors: the first is told, and what is left of the others disturbs nobody.
      NetfilterBatch wrong = netfilter.batch();
      wrong.addChain(TABLE.chain("more"));
      wrong.addRule(TABLE.chain("absent"), List.of(Verdict.DROP));
      wrong.addRule(
          TABLE.chain("base"),
          List.of(new Constant(ELEMENT), new Lookup("absent"), Verdict.ACCEPT));
      wrong.flush(TABLE.set("absent"));
      say("wrong", netfilter, wrong);
      System.out.println("all or nothing " + netfilter.find(TABLE.chain("more")));

      for (String time : List.of("once", "twice")) {
        NetfilterBatch arm = netfilter.batch();
        arm.addElement(TABLE.set("s"), ELEMENT, 60_000);
        say(time, netfilter, arm);
      }
    }

    private static boolean isOwned(Netfilter netfilter) throws LinuxException {
      return netfilter.find(TABLE).orElseThrow().owner().isPresent();
    }

    private static void say(String what, Netfilter netfilter, NetfilterBatch batch) {
      try {
        netfilter.commit(batch);
        System.out.println(what);
      } catch (LinuxException e) {
        System.out.println(what + ": " + e.getMessage());
      }
    }
  }

  @Test
  void batchesAreMadeWholeOrNotAtAllAndErrorsNameTheChange() {
    assertThat(UserNamespace.runWithNetwork(Changes.class))
        .containsExactly(
            "made",
            "uses 2 1",
            "handles differ true",
            "flags 6",
            "absent Optional.empty",
            "arp Optional.empty",
            "wrong: nf_tables \"add rule inet t absent [Verdict[code=0, chain=]]\":"
                + " No such file or directory (ENOENT)",
            "all or nothing Optional.empty",
            "once",
            "twice: nf_tables \"add an element of set inet t s\": File exists (EEXIST)",
            "owned true",
            "foreign: nf_tables \"delete table inet t\": Operation not permitted (EPERM)",
            "owned false",
            "adopted");
  }

  @Test
  void messagesAreAlignedAndNested() {
    NetlinkWriter writer = new NetlinkWriter(1024);
    writer.message(0x0a03, NetlinkWriter.CREATE, 7, new byte[] {1, 0, 0, 0});
    writer.string(1, "ab");
    writer.nested(
        4,
        () -> {
          writer.integer(1, 0x01020304);
          writer.longInteger(2, -2);
        });
    writer.flag(NetlinkWriter.ACKNOWLEDGE);
    writer.message(0x11, 0, 8, new byte[] {0, 0, 0, 10});
    ByteBuffer all = writer.finish();
    ByteBuffer expected = ByteBuffer.allocate(all.remaining()).order(ByteOrder.nativeOrder());
    expected.putInt(52).putShort((short) 0x0a03).putShort((short) 0x405).putInt(7).putInt(0);
    expected.put(new byte[] {1, 0, 0, 0});
    expected.putShort((short) 7).putShort((short) 1).put(new byte[] {'a', 'b', 0, 0});
    expected.putShort((short) 24).putShort((short) 0x8004);
    expected.putShort((short) 8).putShort((short) 1).put(new byte[] {1, 2, 3, 4});
    expected.putShort((short) 12).putShort((short) 2);
    expected.put(new byte[] {-1, -1, -1, -1, -1, -1, -1, -2});
    expected.putInt(20).putShort((short) 0x11).putShort((short) 1).putInt(8).putInt(0);
    expected.put(new byte[] {0, 0, 0, 10});
    assertThat(all).isEqualTo(expected.flip());
  }

  @Test
  void moreThanABatchHoldsIsRefused() throws LinuxException {
    try (Netfilter netfilter = Netfilter.open()) {
      Chain chain = new Table(Family.INET, "t").chain("c");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> netfilter.batch().addRule(chain, Collections.nCopies(2_000, Verdict.DROP)))
          .withMessageContaining("an attribute of");
      NetfilterBatch batch = netfilter.batch();
      List<NetfilterExpression> rule = Collections.nCopies(1_000, Verdict.DROP);
      batch.addRule(chain, rule);
      batch.addRule(chain, rule);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> batch.addRule(chain, rule))
          .withMessageContaining("bytes of messages");
    }
  }

  @Test
  void whatIsNoReplyIsNotTakenForOne() throws LinuxException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 100_000; i++) {
      ByteBuffer datagram = ByteBuffer.allocate(random.nextInt(64)).order(ByteOrder.nativeOrder());
      random.nextBytes(datagram.array());
      if (datagram.capacity() >= 24) {
        datagram.putInt(0, random.nextInt(80));
        datagram.putShort(20, (short) random.nextInt(48));
      }
      try {
        NetlinkReply reply = NetlinkReply.parse(datagram);
        reply.integer(4, random.nextInt(4));
        reply.longInteger(4, random.nextInt(4));
      } catch (LinuxException e) {
        assertThat(e.errno()).as("seed %d", seed).isEqualTo(Errno.EUCLEAN);
        refused++;
      }
    }
    assertThat(refused).as("seed %d", seed).isBetween(1_000, 99_999);
  }
}
