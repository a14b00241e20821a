package org.hotspare.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is no intact index is said to be none, and nothing is read from it as if it were. */
class DamagedIndexTest {
  private static final int STEPS = 300;
  private static final RandomHistory HISTORY = new RandomHistory(7);

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void makeIndex() {
    file = directory.resolve("index.db");
    try (Index index = Index.open(file)) {
      for (int step = 1; step <= STEPS; step++) {
        long now = step;
        index.update(Durability.FAST, writer -> HISTORY.apply(writer, now));
      }
    }
  }

  private void assertDamaged() {
    assertThat(kindOfFailure()).isEqualTo(IndexException.Kind.DAMAGED);
  }

  private IndexException.Kind kindOfFailure() {
    List<IndexException> failure = new ArrayList<>();
    assertThatExceptionOfType(IndexException.class)
        .isThrownBy(() -> Index.open(file).close())
        .satisfies(failure::add);
    return failure.getFirst().kind();
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void anIntactIndexOpens() {
    try (Index index = Index.open(file);
        Snapshot snapshot = index.snapshot()) {
      RandomHistory.assertSame(snapshot, HISTORY.after(STEPS));
    }
  }

  @Test
  void aTextIsNoIndex() throws IOException {
    Files.writeString(file, "not a database\n".repeat(1000));
    assertDamaged();
  }

  @Test
  void aShortFileIsNoIndex() throws IOException {
    Files.writeString(file, "SQLite format 3\0");
    assertDamaged();
  }

  @Test
  void aTruncatedIndexIsDamaged() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 4096));
    assertDamaged();
  }

  @Test
  void anotherDatabaseIsNoIndex() throws IOException, SQLException {
    Files.delete(file);
    execute("CREATE TABLE other (value TEXT)");
    assertDamaged();
  }

  @Test
  void anIndexOfANewerVersionIsLeftAlone() throws IOException, SQLException {
    execute("PRAGMA user_version=" + (Schema.VERSION + 1));
    byte[] before = Files.readAllBytes(file);
    assertThat(kindOfFailure()).isEqualTo(IndexException.Kind.NEWER);
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void anIndexWithoutItsStateOrTablesIsDamaged() throws SQLException {
    execute("DELETE FROM state");
    assertDamaged();
    execute("DROP TABLE state");
    assertDamaged();
  }

  @Test
  void anEmptyFileBecomesANewIndex() throws IOException {
    Files.write(file, new byte[0]);
    try (Index index = Index.open(file)) {
      assertThat(index.isNew()).isTrue();
    }
  }

  @Test
  void pagesAreCheckedAfterAnUncleanStop() throws IOException, SQLException {
    execute("UPDATE state SET clean = 0");
    byte[] whole = Files.readAllBytes(file);
    // The kind of a page in the middle, which opening alone does not touch.
    int page = whole.length / 4096 / 2;
    whole[page * 4096] ^= 0x55;
    Files.write(file, whole);
    assertDamaged();
  }

  @Test
  void aDamagedIndexIsSetAside() throws IOException {
    for (int n = 1; n <= 2; n++) {
      Files.writeString(file, "damaged " + n);
      Files.writeString(Path.of(file + "-wal"), "log " + n);
      assertDamaged();
      Path aside = Index.setAside(file);
      assertThat(aside).hasFileName("index.db.damaged-" + n).hasContent("damaged " + n);
      assertThat(Path.of(aside + "-wal")).hasContent("log " + n);
      assertThat(file).doesNotExist();
      assertThat(Path.of(file + "-wal")).doesNotExist();
    }
    try (Index index = Index.open(file)) {
      assertThat(index.isNew()).isTrue();
    }
  }

  @Test
  void noFlippedByteIsReadAsAnEntry() throws IOException {
    long seed = System.nanoTime();
    System.out.println("DamagedIndexTest: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    byte[] whole = Files.readAllBytes(file);
    ModelIndex model = HISTORY.after(STEPS);
    int noticed = 0;
    for (int round = 0; round < 100; round++) {
      int at = random.nextInt(whole.length);
      byte[] flipped = whole.clone();
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, flipped);
      Files.deleteIfExists(Path.of(file + "-wal"));
      noticed += readAll(model, at) ? 0 : 1;
    }
    System.out.println("DamagedIndexTest: " + noticed + " of 100 flips were noticed");
    assertThat(noticed).isPositive();
  }

  /** Whether the index could be read to its end. */
  private boolean readAll(ModelIndex model, int flippedAt) {
    try (Index index = Index.open(file);
        Snapshot snapshot = index.snapshot()) {
      // A damaged name may be another name, or a row be lost; but no entry may be another entry.
      snapshot.inodes(
          inode -> assertThat(inode.entry()).isEqualTo(entry(model, inode.id(), inode)));
      snapshot.changes(Position.NONE, new Position(Position.MAX_EPOCH, 0), change -> {});
      snapshot.inodes(inode -> snapshot.children(inode.id()));
      return true;
    } catch (IndexException e) {
      boolean inUserVersion = flippedAt >= 60 && flippedAt < 64;
      assertThat(e.kind())
          .describedAs("byte %d: %s", flippedAt, e)
          .isEqualTo(inUserVersion ? e.kind() : IndexException.Kind.DAMAGED);
      return false;
    }
  }

  private static Object entry(ModelIndex model, EntryId id, Inode fallback) {
    return model.inode(id).map(Inode::entry).orElse(fallback.entry());
  }

  @Test
  void aLogWithoutItsEndIsCutAtTheLastTransaction() throws IOException {
    Path copy = directory.resolve("copy.db");
    try (Index index = Index.open(file, Long.MAX_VALUE)) {
      for (long step = STEPS + 1; step <= STEPS + 50; step++) {
        long now = step;
        index.update(Durability.FAST, writer -> HISTORY.apply(writer, now));
      }
      Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      byte[] log = Files.readAllBytes(Path.of(file + "-wal"));
      Files.write(Path.of(copy + "-wal"), Arrays.copyOf(log, log.length / 2));
    }
    try (Index index = Index.open(copy);
        Snapshot snapshot = index.snapshot()) {
      long found = RandomHistory.last(snapshot);
      assertThat(found).isBetween((long) STEPS, STEPS + 49L);
      RandomHistory.assertSame(snapshot, HISTORY.after(found));
    }
  }
}
