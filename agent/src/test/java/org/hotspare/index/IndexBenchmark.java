package org.hotspare.index;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;

/**
 * How fast the index is with half a million files in five thousand directories. Not a test: run
 * {@code main} with a directory on the disk to measure.
 */
final class IndexBenchmark {
  private static final int DIRECTORIES = 5_000;
  private static final int FILES_EACH = 100;
  private static final int BATCH = 1_000;

  private final Index index;
  private final PrintStream out;
  private final SplittableRandom random = new SplittableRandom(1);

  private IndexBenchmark(Index index, PrintStream out) {
    this.index = index;
    this.out = out;
  }

  public static void main(String[] arguments) throws IOException {
    Path directory = Files.createTempDirectory(Path.of(arguments[0]), "index-benchmark");
    Path file = directory.resolve("index.db");
    PrintStream out = System.out;
    try (Index index = Index.open(file)) {
      new IndexBenchmark(index, out).run();
      out.printf("log %d MB%n", index.logBytes() >> 20);
    }
    long start = System.nanoTime();
    Index.open(file).close();
    out.printf(
        "file %d MB, open and close %d ms%n",
        Files.size(file) >> 20, (System.nanoTime() - start) / 1_000_000);
    for (String suffix : List.of("", ".lock")) {
      Files.deleteIfExists(Path.of(file + suffix));
    }
    Files.delete(directory);
  }

  private void run() {
    measure("load (inode and name rows)", 2L * DIRECTORIES * FILES_EACH, unit -> load());
    measure("list a directory, per row", (long) DIRECTORIES * FILES_EACH, unit -> list());
    measure("changes, per row", 2L * DIRECTORIES * FILES_EACH, unit -> stream());
    measure("inodes, per row", (long) DIRECTORIES * FILES_EACH, unit -> scan());
    measure("inode by id", 200_000, unit -> lookUp());
    measure("path by id", 200_000, unit -> paths());
    measure("update in order of ids", 100_000, unit -> update(true));
    measure("update at random", 100_000, unit -> update(false));
    measure("durable transactions of one row", 1_000, unit -> durable());
  }

  private void measure(String what, long count, LongConsumer work) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpuStart = threads.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    work.accept(count);
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpu = (threads.getCurrentThreadCpuTime() - cpuStart) / 1e9;
    out.printf(
        "%-35s %,12.0f /s  (%.2f s, %.2f us of CPU each)%n",
        what, count / seconds, seconds, cpu / count * 1e6);
  }

  private void load() {
    index.update(
        Durability.FAST,
        writer -> {
          writer.openEpoch(1);
          put(writer, EntryId.ROOT, new Entry.Directory(metadata(0)));
        });
    for (int d = 0; d < DIRECTORIES; d++) {
      Name name = Name.of("directory-" + d);
      index.update(
          Durability.FAST,
          writer -> {
            EntryId directory = writer.nextId();
            put(writer, directory, new Entry.Directory(metadata(0)));
            writer.putName(new NameRow(EntryId.ROOT, name, directory, writer.nextPosition()));
            for (int f = 0; f < FILES_EACH; f++) {
              EntryId id = writer.nextId();
              put(writer, id, file(f));
              writer.putName(
                  new NameRow(
                      directory, Name.of("some-file-" + f + ".txt"), id, writer.nextPosition()));
            }
          });
    }
  }

  private void put(IndexWriter writer, EntryId id, Entry entry) {
    Position version = writer.nextPosition();
    writer.put(new Inode(id, version, version, entry, local(id.counter())));
  }

  private static Local local(long inode) {
    return new Local(
        66307, inode, new Timestamp(1, 2), new Timestamp(1_700_000_000, 3), true, null);
  }

  private static Metadata metadata(long seconds) {
    return new Metadata(0644, 0, 0, new Timestamp(seconds, 5), List.of());
  }

  private static Entry file(long size) {
    byte[] digest = new byte[Digest.BYTES];
    digest[0] = (byte) size;
    return new Entry.RegularFile(metadata(size), size, new Digest(Bytes.wrap(digest)), 0);
  }

  private void list() {
    try (Snapshot snapshot = index.snapshot()) {
      LongAdder rows = new LongAdder();
      for (Child directory : snapshot.children(EntryId.ROOT)) {
        rows.add(snapshot.children(directory.inode().id()).size());
      }
      require(rows, (long) DIRECTORIES * FILES_EACH);
    }
  }

  private void stream() {
    try (Snapshot snapshot = index.snapshot()) {
      LongAdder rows = new LongAdder();
      snapshot.changes(Position.NONE, snapshot.head(), change -> rows.increment());
      require(rows, 2L * DIRECTORIES * (FILES_EACH + 1) + 1);
    }
  }

  private void scan() {
    try (Snapshot snapshot = index.snapshot()) {
      LongAdder rows = new LongAdder();
      snapshot.inodes(inode -> rows.increment());
      require(rows, (long) DIRECTORIES * (FILES_EACH + 1) + 1);
    }
  }

  private static void require(LongAdder rows, long expected) {
    if (rows.sum() != expected) {
      throw new IllegalStateException(rows.sum() + " rows instead of " + expected);
    }
  }

  private EntryId anyId() {
    return EntryId.of(1, random.nextLong(1, (long) DIRECTORIES * (FILES_EACH + 1)));
  }

  private void lookUp() {
    try (Snapshot snapshot = index.snapshot()) {
      for (int i = 0; i < 200_000; i++) {
        Inode _ = snapshot.inode(anyId()).orElseThrow();
      }
    }
  }

  private void paths() {
    try (Snapshot snapshot = index.snapshot()) {
      for (int i = 0; i < 200_000; i++) {
        RelPath _ = snapshot.path(anyId()).orElseThrow();
      }
    }
  }

  private void update(boolean sorted) {
    for (int batch = 0; batch < 100_000 / BATCH; batch++) {
      LongStream ids = LongStream.generate(() -> anyId().value()).limit(BATCH);
      long[] batchIds = sorted ? ids.sorted().toArray() : ids.toArray();
      index.update(
          Durability.FAST,
          writer -> {
            for (long id : batchIds) {
              put(writer, new EntryId(id), file(random.nextLong(1000)));
            }
          });
    }
  }

  private void durable() {
    for (int i = 0; i < 1_000; i++) {
      index.update(Durability.DURABLE, writer -> put(writer, anyId(), file(1)));
    }
  }
}
