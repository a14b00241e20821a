package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.hotspare.testing.Await.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One index, several threads; and a second process that must stay out. */
class SharedIndexTest {
  private static final long CHECKPOINT_BYTES = 200_000;

  @TempDir private Path directory;
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("index.db");
  }

  private Thread start(Runnable work) {
    return Thread.ofPlatform().uncaughtExceptionHandler((thread, e) -> failures.add(e)).start(work);
  }

  private static void join(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      assertThat(thread.join(Duration.ofSeconds(60))).isTrue();
    }
  }

  private static long number(IndexReader reader, String fact) {
    return reader.fact(fact).map(value -> Long.parseLong(value.toString())).orElse(0L);
  }

  private static void add(IndexWriter writer, String fact, long amount) {
    writer.putFact(fact, Bytes.of(Long.toString(number(writer, fact) + amount)));
  }

  @Test
  void everyThreadSeesWholeTransactions() throws InterruptedException {
    int rounds = 300;
    try (Index index = Index.open(file, CHECKPOINT_BYTES)) {
      List<Thread> threads = new ArrayList<>();
      for (int n = 0; n < 3; n++) {
        Durability durability = n == 0 ? Durability.DURABLE : Durability.FAST;
        threads.add(
            start(
                () -> {
                  for (int i = 0; i < rounds; i++) {
                    index.update(
                        durability,
                        writer -> {
                          add(writer, "up", 1);
                          writer.putFact("large", Bytes.wrap(new byte[3000]));
                          add(writer, "down", -1);
                        });
                  }
                }));
        threads.add(
            start(
                () -> {
                  for (int i = 0; i < rounds; i++) {
                    try (Snapshot snapshot = index.snapshot()) {
                      assertThat(number(snapshot, "up")).isEqualTo(-number(snapshot, "down"));
                    }
                  }
                }));
      }
      join(threads);
      assertThat(failures).isEmpty();
      try (Snapshot snapshot = index.snapshot()) {
        assertThat(number(snapshot, "up")).isEqualTo(3L * rounds);
      }
    }
  }

  /** As a reader has it for a moment that met the header of the log half written. */
  @Test
  void aTransactionWaitsForTheLockOfWriters() throws Exception {
    try (Index index = Index.open(file);
        Database reader = Database.open(file, Database.Use.CHECKPOINT)) {
      index.update(Durability.FAST, writer -> add(writer, "n", 1));
      reader.execute("BEGIN IMMEDIATE");
      Thread thread = start(() -> index.update(Durability.FAST, writer -> add(writer, "n", 1)));
      assertThat(thread.join(Duration.ofMillis(300))).as("did not wait").isFalse();
      reader.execute("ROLLBACK");
      join(List.of(thread));
      assertThat(failures).isEmpty();
      try (Snapshot snapshot = index.snapshot()) {
        assertThat(number(snapshot, "n")).isEqualTo(2);
      }
    }
  }

  @Test
  void aStatementThatFailedCanBeUsedAgain() throws Exception {
    String write = "INSERT INTO fact (key, value) VALUES ('n', ?)";
    byte[] value = {1};
    Index.open(file).close();
    try (Database one = Database.open(file, Database.Use.WRITE);
        Database other = Database.open(file, Database.Use.CHECKPOINT)) {
      one.execute("PRAGMA busy_timeout=0");
      other.execute("BEGIN IMMEDIATE");
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> one.prepared(write).set(1, value).run());
      other.execute("ROLLBACK");
      one.rollback();
      one.prepared(write).set(1, value).run();
      one.commit();
      Long rows = other.prepared("SELECT count(*) FROM fact").first(row -> row.number(1));
      assertThat(rows).isEqualTo(1);
    }
  }

  @Test
  void anInterruptedThreadGetsItsDurabilityAndKeepsItsInterrupt() {
    try (Index index = Index.open(file)) {
      Thread.currentThread().interrupt();
      index.update(Durability.DURABLE, writer -> add(writer, "n", 1));
      assertThat(Thread.interrupted()).isTrue();
      index.update(Durability.DURABLE, writer -> add(writer, "n", 1));
      try (Snapshot snapshot = index.snapshot()) {
        assertThat(number(snapshot, "n")).isEqualTo(2);
      }
    }
  }

  @Test
  void theLogStartsAnewWhileTransactionsAreWritten() throws InterruptedException {
    try (Index index = Index.open(file, CHECKPOINT_BYTES)) {
      writeMuch(index);
      await("the log is short again", () -> index.logBytes() < 2 * CHECKPOINT_BYTES);
    }
  }

  @Test
  void aSnapshotHoldsTheLogBackUntilItIsClosed() throws InterruptedException {
    try (Index index = Index.open(file, CHECKPOINT_BYTES)) {
      try (Snapshot snapshot = index.snapshot()) {
        writeMuch(index);
        assertThat(index.logBytes()).isGreaterThan(4 * CHECKPOINT_BYTES);
        assertThat(snapshot.fact("large")).isEmpty();
      }
      await(
          "the log is short again",
          () -> {
            index.update(Durability.FAST, writer -> add(writer, "n", 1));
            return index.logBytes() < 2 * CHECKPOINT_BYTES;
          });
    }
  }

  private static void writeMuch(Index index) {
    byte[] large = new byte[20_000];
    for (int i = 0; i < 100; i++) {
      // SQLite writes no page that stays as it is.
      Arrays.fill(large, (byte) i);
      index.update(Durability.FAST, writer -> writer.putFact("large", Bytes.of(large)));
    }
  }

  @Test
  void closingEndsWhatOtherThreadsAreReading() throws InterruptedException {
    RandomHistory history = new RandomHistory(3);
    Index index = Index.open(file);
    for (long step = 1; step <= 200; step++) {
      long now = step;
      index.update(Durability.FAST, writer -> history.apply(writer, now));
    }
    CountDownLatch reading = new CountDownLatch(2);
    List<Thread> threads = new ArrayList<>();
    for (int n = 0; n < 2; n++) {
      threads.add(
          start(
              () -> {
                Snapshot snapshot = index.snapshot();
                assertThatExceptionOfType(IndexException.class)
                    .isThrownBy(
                        () -> {
                          while (true) {
                            snapshot.inodes(inode -> reading.countDown());
                            snapshot.children(EntryId.ROOT);
                          }
                        });
              }));
    }
    reading.await();
    index.close();
    join(threads);
    assertThat(failures).isEmpty();
    try (Index again = Index.open(file)) {
      assertThat(again.wasCleanlyClosed()).isTrue();
    }
  }

  /** Another process that has the index open until it is killed. */
  static final class Other {
    public static void main(String[] arguments) {
      Index index = Index.open(Path.of(arguments[0]));
      new PrintStream(System.out, true, StandardCharsets.US_ASCII).println("open");
      while (index.logBytes() >= 0) {
        LockSupport.park();
      }
    }
  }

  @Test
  void anotherProcessIsNamedAndKeptOut() throws IOException {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader reader = other.inputReader(StandardCharsets.US_ASCII)) {
      assertThat(reader.readLine()).isEqualTo("open");
      assertThatExceptionOfType(IndexException.class)
          .isThrownBy(() -> Index.open(file))
          .withMessageContaining("in use by process " + other.pid());
      assertThatExceptionOfType(IndexException.class).isThrownBy(() -> Index.setAside(file));
    } finally {
      other.destroyForcibly().onExit().join();
    }
    try (Index index = Index.open(file)) {
      assertThat(index.wasCleanlyClosed()).isFalse();
    }
  }
}
