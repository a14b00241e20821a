package org.hotspare.lease;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.hotspare.testing.FreePorts;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.Connector;
import org.hotspare.wire.Doorkeeper;
import org.hotspare.wire.Link;
import org.hotspare.wire.LinkOptions;
import org.hotspare.wire.Listener;
import org.hotspare.wire.TestCluster;

/** A member of a cluster of three that has the record and the lease, over real links. */
final class TestMember implements AutoCloseable {
  static final String CLUSTER = "web";
  static final List<String> NODES = List.of("alpha", "beta", "gamma");
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final LinkOptions OPTIONS = LinkOptions.of("0.1.0");
  static final LeaseTimes TIMES = LeaseTimes.of(Duration.ofSeconds(1));

  private final Listener listener;
  private final PeerLinks peers;
  private final FoundedRecord record;
  private final LeaseLoop lease;
  private final TestGate gate = new TestGate();
  private final BlockingQueue<String> news = new LinkedBlockingQueue<>();
  private final AtomicInteger freed = new AtomicInteger();
  private final List<ClusterRecord.Version> seen = Collections.synchronizedList(new ArrayList<>());
  private final ReentrantLock noticing = new ReentrantLock();
  private final Map<String, Boolean> cut = new ConcurrentHashMap<>();

  TestMember(String self, Path base, Map<String, Integer> ports) throws IOException {
    this(self, base, ports, TIMES);
  }

  TestMember(String self, Path base, Map<String, Integer> ports, LeaseTimes times)
      throws IOException {
    Certificates certificates = Certificates.load(tls(base, self));
    CompletableFuture<FoundedRecord> started = new CompletableFuture<>();
    CompletableFuture<LeaseLoop> voting = new CompletableFuture<>();
    TreeSet<String> others = new TreeSet<>(ports.keySet());
    others.remove(self);
    peers =
        new PeerLinks(
            others,
            node -> connect(certificates, node, address(ports, node)),
            (from, subject, content) -> {
              if (cut.containsKey(from) || !started.isDone()) {
                throw new IOException("cut off");
              }
              return started.join().answer(from, subject, content);
            },
            (from, word) -> {
              if (!cut.containsKey(from) && voting.isDone()) {
                voting.join().hear(from, word);
              }
            },
            PATIENCE);
    lease =
        LeaseLoop.start(
            self,
            ports.keySet(),
            times,
            base.resolve(self).resolve("promise"),
            gate,
            new News(),
            peers);
    voting.complete(lease);
    record =
        FoundedRecord.open(
            CLUSTER,
            self,
            ports.keySet(),
            base.resolve(self),
            ClusterRecord.Elections.beside(times.duration()),
            (node, subject, content) -> {
              if (cut.containsKey(node)) {
                throw new IOException("cut off");
              }
              return peers.call(node, subject, content);
            },
            new Noting());
    record.start();
    started.complete(record);
    listener =
        Listener.start(
            address(ports, self),
            certificates,
            ports::containsKey,
            Doorkeeper.nobody(),
            OPTIONS,
            this::serve);
    peers.start();
  }

  /** Certificates of all members, and a port for each. */
  static Map<String, Integer> prepare(Path base) throws IOException {
    Certificates alpha = Certificates.init(tls(base, "alpha"), CLUSTER, "alpha");
    for (String node : NODES.subList(1, NODES.size())) {
      TestCluster.member(alpha, tls(base, node), node);
    }
    List<Integer> ports = FreePorts.take(NODES.size());
    Map<String, Integer> of = new TreeMap<>();
    for (int i = 0; i < NODES.size(); i++) {
      of.put(NODES.get(i), ports.get(i));
    }
    return of;
  }

  private static Path tls(Path base, String node) {
    return base.resolve(node).resolve("tls");
  }

  private static InetSocketAddress address(Map<String, Integer> ports, String node) {
    int port = Objects.requireNonNull(ports.get(node), node);
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static Link connect(Certificates certificates, String node, InetSocketAddress address)
      throws IOException {
    return new Connector(certificates, OPTIONS).connect(node, List.of(address));
  }

  private void serve(Link link) {
    try (link) {
      peers.serve(link, link.receive());
    } catch (IOException gone) {
      // The other side makes another one.
    }
  }

  FoundedRecord record() {
    return record;
  }

  LeaseLoop lease() {
    return lease;
  }

  TestGate gate() {
    return gate;
  }

  /** What the lease's thread told, in order, each once. */
  BlockingQueue<String> news() {
    return news;
  }

  private final class Noting implements FoundedRecord.Listener {
    @Override
    public void founded(Founding founding, boolean adopted) {
      lease.yieldTo(founding.members(), "another record");
    }

    @Override
    public void changed(Founding founding, ClusterRecord.Version version) {
      noticing.lock();
      try {
        seen.add(version);
      } finally {
        noticing.unlock();
      }
    }
  }

  private final class News implements LeaseLoop.Listener {
    @Override
    public void endorsed(long epoch) {
      news.add("endorsed " + epoch);
    }

    @Override
    public void notEndorsed(long epoch, String reason) {
      news.add("not endorsed " + epoch + ": " + reason);
    }

    @Override
    public void holds(long epoch) {
      news.add("holds " + epoch);
    }

    @Override
    public void over(long epoch, String reason) {
      news.add("over " + epoch + ": " + reason);
    }

    @Override
    public void freed() {
      freed.incrementAndGet();
    }
  }

  /** How often it was told that the lease was given up. */
  int timesFreed() {
    return freed.get();
  }

  /** The versions that it learned of, in order. */
  List<ClusterRecord.Version> seen() {
    return List.copyOf(seen);
  }

  /** It hears nothing of the other any more, and asks it nothing. */
  void cutOff(String other) {
    cut.put(other, true);
  }

  /**
   * Until it is closed the member gets no further than to learn of a version, as on a disk that
   * hangs.
   */
  AutoCloseable hang() {
    noticing.lock();
    return noticing::unlock;
  }

  void heal() {
    cut.clear();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    peers.close();
    record.close();
    lease.close();
  }

  /** Promotes itself again and again, and says what was written and what it learned. */
  public static void main(String[] arguments) throws Exception {
    Path base = Path.of(arguments[0]);
    String self = arguments[1];
    Map<String, Integer> ports = new TreeMap<>();
    for (int i = 0; i < NODES.size(); i++) {
      ports.put(NODES.get(i), Integer.parseInt(arguments[2 + i]));
    }
    TestMember member = new TestMember(self, base, ports);
    int told = 0;
    while (System.in.available() == 0) {
      ClusterRecord.Version current = member.record().current();
      Roles next = current.roles().promoted(self, current.roles().epoch() + 1);
      try {
        ClusterRecord.Outcome outcome =
            member.record().compareAndSet(current.number(), next, Duration.ofSeconds(1));
        if (outcome.written()) {
          System.out.println("wrote " + outcome.record().number() + " " + self);
        }
      } catch (IOException noMajority) {
        System.out.println("none");
      }
      List<ClusterRecord.Version> seen = member.seen();
      for (; told < seen.size(); told++) {
        ClusterRecord.Version version = seen.get(told);
        System.out.println("saw " + version.number() + " " + version.roles().primary());
      }
    }
    System.exit(0);
  }
}
