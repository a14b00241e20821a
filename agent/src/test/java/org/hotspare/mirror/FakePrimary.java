package org.hotspare.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.hotspare.delta.DeltaEncoder;
import org.hotspare.delta.DeltaOp;
import org.hotspare.delta.DeltaSink;
import org.hotspare.delta.Signature;
import org.hotspare.linux.Access;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.FileFd;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.Timestamp;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.FileContent;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.hotspare.wire.RefusedException;
import org.hotspare.wire.Row;
import org.hotspare.wire.TestCluster;
import org.jspecify.annotations.Nullable;

/**
 * Node alpha with a valid certificate, which says to a real standby whatever a test wants, and that
 * standby's own directories.
 */
final class FakePrimary implements AutoCloseable {
  static final Bytes HISTORY = Bytes.of("the-one-history!");
  static final long EPOCH = 5;

  final Path tree;
  final Queue<String> news = new ConcurrentLinkedQueue<>();
  private final Path base;
  private final Certificates alpha;
  private final Certificates beta;
  private final MirrorSettings settings;
  private TestCluster cluster;
  private @Nullable StandbyMirror standby;

  FakePrimary(Path base) throws IOException {
    this.base = base;
    this.tree = Files.createDirectories(base.resolve("standby/tree"));
    this.alpha = Certificates.init(base.resolve("alpha-tls"), "test", "alpha");
    this.beta = TestCluster.member(alpha, base.resolve("beta-tls"), "beta");
    this.cluster = new TestCluster(alpha, TestCluster.OPTIONS);
    Path state = Files.createDirectories(base.resolve("standby/state"));
    this.settings =
        new MirrorSettings(
            "www",
            tree,
            state,
            List.of(),
            1000,
            0.5,
            Duration.ofSeconds(60),
            null,
            org.hotspare.watch.ProcessorLimit.none(),
            org.hotspare.watch.Sweep.start(),
            new SharedKeys(java.util.Map.of(), (node, keys) -> {}));
  }

  /** Starts the standby, which connects. */
  Link connected() throws IOException, InterruptedException {
    StandbyMirror before = standby;
    if (before != null) {
      before.close();
      // The old one may have connected once more before it was closed: a new port has no such link.
      cluster.close();
      cluster = new TestCluster(alpha, TestCluster.OPTIONS);
    }
    TestCluster reached = cluster;
    standby =
        StandbyMirror.start(
            settings,
            () -> reached.connect(beta, TestCluster.OPTIONS),
            (mirror, topic, text) -> news.add(topic + " " + text));
    return reached.accepted();
  }

  /** A new connection of a standby with an empty tree; the first cut of its copy has begun. */
  Link firstCopy(long to) throws IOException, InterruptedException {
    Link link = connected();
    assertThat(subscription(link).emptyTree()).isTrue();
    link.send(agreed(Frame.Mode.FIRST_COPY));
    link.send(begin(Frame.Mode.FIRST_COPY, 0, to));
    return link;
  }

  /** The next connection of the running standby. */
  Link accepted() throws IOException, InterruptedException {
    return cluster.accepted();
  }

  void stopStandby() {
    StandbyMirror running = standby;
    standby = null;
    if (running != null) {
      running.close();
    }
  }

  MirrorView view() {
    StandbyMirror running = standby;
    if (running == null) {
      throw new IllegalStateException("not started");
    }
    return running.view();
  }

  static Frame.Subscribe subscription(Link link) throws IOException {
    return next(link, Frame.Subscribe.class);
  }

  /** The next frame of a kind; others are passed over. */
  static <T extends Frame> T next(Link link, Class<T> kind) throws IOException {
    while (true) {
      Frame frame = link.receive();
      if (kind.isInstance(frame)) {
        return kind.cast(frame);
      }
    }
  }

  /** Why the standby ended the connection. */
  static String refusal(Link link) {
    try {
      while (true) {
        link.receive();
      }
    } catch (RefusedException e) {
      return String.valueOf(e.getMessage());
    } catch (IOException e) {
      // Whoever is still sending when the other side closes may not hear why.
      return "";
    }
  }

  static Frame.Subscribed agreed(Frame.Mode mode) {
    return new Frame.Subscribed(
        HISTORY, EPOCH, new Lineage(List.of(new Position(EPOCH, 1 << 20))), mode);
  }

  static Position at(long sequence) {
    return sequence == 0 ? Position.NONE : new Position(EPOCH, sequence);
  }

  static Frame.CutBegin begin(Frame.Mode mode, long from, long to) {
    return new Frame.CutBegin(EPOCH, at(from), at(to), mode, 10, 10);
  }

  static Frame.Rows rows(Row... rows) {
    return new Frame.Rows(List.of(rows), ByteBuffer.allocate(0));
  }

  static Metadata metadata(int permissions) {
    return new Metadata(permissions, 0, 0, new Timestamp(1_700_000_000, 7), List.of());
  }

  static Row directory(long id, long version) {
    return inode(id, version, new Entry.Directory(metadata(0755)));
  }

  static Row inode(long id, long version, Entry entry) {
    return new Row(new Change.InodeSet(new EntryId(id), at(version), entry), null);
  }

  static Row name(long parent, String name, long id, long version) {
    return new Row(
        new Change.NameSet(new EntryId(parent), Name.of(name), new EntryId(id), at(version)), null);
  }

  static Row file(long id, long version, long size, @Nullable Digest digest, FileContent content) {
    Entry entry = new Entry.RegularFile(metadata(0644), size, digest, 0);
    return new Row(new Change.InodeSet(new EntryId(id), at(version), entry), content);
  }

  static FileContent literal(int length, boolean complete) {
    List<DeltaOp> ops = length == 0 ? List.of() : List.of(new DeltaOp.Literal(0, length));
    return new FileContent(null, ops, complete);
  }

  /** A file with its true content. */
  Frame.Rows file(long id, long version, String content) throws IOException {
    byte[] bytes = Bytes.of(content).toArray();
    return new Frame.Rows(
        List.of(file(id, version, bytes.length, digest(bytes), literal(bytes.length, true))),
        ByteBuffer.wrap(bytes));
  }

  Digest digest(byte[] content) throws IOException {
    Path file = Files.write(base.resolve("content"), content);
    try (DirFd directory = DirFd.openRoot(base);
        FileFd open =
            directory.openFile(Name.of(String.valueOf(file.getFileName())), Access.READ)) {
      return new DeltaEncoder()
          .encode(Signature.NONE, new OpenContent(open, content.length), false, new Nowhere())
          .signature()
          .root();
    }
  }

  private static final class Nowhere implements DeltaSink {
    @Override
    public void literal(long offset, ByteBuffer bytes) {}

    @Override
    public void copy(long offset, long source, long length) {}

    @Override
    public void hole(long offset, long length) {}
  }

  @Override
  public void close() {
    stopStandby();
    cluster.close();
  }
}
