package org.hotspare.index;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/**
 * The tables, and the steps that lead from one version of them to the next.
 *
 * <p>Live rows and tombstones lie in tables of their own, so that look-ups need no condition and
 * tombstones cost them nothing. Every table that takes part in the order of changes has an index on
 * the version.
 */
final class Schema {
  /** "HSix": says that the database is an index of hotspare. */
  private static final int APPLICATION_ID = 0x48536978;

  private static final byte[] SQLITE_MAGIC =
      "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
  private static final int SQLITE_HEADER_BYTES = 100;

  private static final List<String> VERSION_1 =
      List.of(
          """
          CREATE TABLE state (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            clean INTEGER NOT NULL,
            ended BLOB NOT NULL,
            head INTEGER NOT NULL,
            own_epoch INTEGER NOT NULL,
            last_id INTEGER NOT NULL,
            entries INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            forgotten INTEGER NOT NULL)
          """,
          "INSERT INTO state VALUES (1, 1, x'', 0, 0, 0, 0, 0, 0)",
          // What entry and local hold: EntryFormat, LocalFormat. The last three are null together.
          """
          CREATE TABLE inode (
            id INTEGER PRIMARY KEY,
            version INTEGER NOT NULL,
            born INTEGER NOT NULL,
            entry BLOB NOT NULL,
            device INTEGER,
            inode INTEGER,
            local BLOB)
          """,
          "CREATE INDEX inode_version ON inode (version)",
          "CREATE INDEX inode_place ON inode (inode, device) WHERE inode IS NOT NULL",
          "CREATE TABLE inode_gone (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)",
          "CREATE INDEX inode_gone_version ON inode_gone (version)",
          // Clustered by directory, so that listing one reads neighbouring pages.
          """
          CREATE TABLE name (
            parent INTEGER NOT NULL,
            name BLOB NOT NULL,
            id INTEGER NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (parent, name)) WITHOUT ROWID
          """,
          "CREATE INDEX name_id ON name (id)",
          "CREATE INDEX name_version ON name (version)",
          """
          CREATE TABLE name_gone (
            parent INTEGER NOT NULL,
            name BLOB NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (parent, name)) WITHOUT ROWID
          """,
          "CREATE INDEX name_gone_version ON name_gone (version)",
          "CREATE TABLE signature (id INTEGER PRIMARY KEY, value BLOB NOT NULL)",
          "CREATE TABLE fact (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
          """
          CREATE TABLE note (
            tbl TEXT NOT NULL,
            key BLOB NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (tbl, key)) WITHOUT ROWID
          """);

  /** The statements that lead to version n + 1 are at n. */
  private static final List<List<String>> MIGRATIONS = List.of(VERSION_1);

  static final int VERSION = MIGRATIONS.size();

  private Schema() {}

  /**
   * Refuses what cannot be an intact database, before SQLite sees it. Must not run while this
   * process has the database open: closing the file here would drop SQLite's locks on it.
   */
  static void checkHeader(Path file, Path log) throws IOException {
    if (!Files.exists(file) || Files.size(file) == 0) {
      return;
    }
    byte[] header;
    try (InputStream in = Files.newInputStream(file)) {
      header = in.readNBytes(SQLITE_HEADER_BYTES);
    }
    if (header.length < SQLITE_HEADER_BYTES || !startsWith(header, SQLITE_MAGIC)) {
      throw damaged("its header is no database's");
    }
    // A version of the file format that SQLite does not know makes it read only, which says less.
    if (header[18] > 2 || header[19] > 2 || header[18] < 0 || header[19] < 0) {
      throw damaged("its header is no database's");
    }
    // While there is a log, pages may be in it that have not reached the file.
    if (Files.exists(log) && Files.size(log) > 0) {
      return;
    }
    ByteBuffer numbers = ByteBuffer.wrap(header);
    int stored = numbers.getShort(16) & 0xffff;
    long pageBytes = stored == 1 ? 65536 : stored;
    long pages = numbers.getInt(28) & 0xffffffffL;
    if (Files.size(file) < pages * pageBytes) {
      throw damaged("it has " + Files.size(file) + " bytes instead of " + pages * pageBytes);
    }
  }

  private static boolean startsWith(byte[] header, byte[] magic) {
    return ByteBuffer.wrap(header, 0, magic.length).equals(ByteBuffer.wrap(magic));
  }

  /**
   * Brings an empty or older database to this version, in the transaction that is under way.
   *
   * @return whether it was empty
   */
  static boolean prepare(Database database) throws SQLException {
    long applicationId = number(database, "PRAGMA application_id");
    long version = number(database, "PRAGMA user_version");
    boolean created =
        applicationId == 0
            && version == 0
            && number(database, "SELECT count(*) FROM sqlite_schema") == 0;
    if (!created) {
      if (applicationId != APPLICATION_ID) {
        throw damaged("it is some other database");
      }
      if (version > VERSION) {
        throw new IndexException(
            IndexException.Kind.NEWER,
            "the index has format "
                + version
                + ", but this hotspare knows "
                + VERSION
                + " at most");
      }
      if (version < 1) {
        throw damaged("it has format " + version);
      }
    }
    if (version == VERSION) {
      return false;
    }
    for (List<String> step : MIGRATIONS.subList((int) version, VERSION)) {
      for (String statement : step) {
        database.execute(statement);
      }
    }
    database.execute("PRAGMA application_id=" + APPLICATION_ID);
    database.execute("PRAGMA user_version=" + VERSION);
    return created;
  }

  /**
   * Reads every page and checks that the tables hold together; takes time in proportion to size.
   */
  static void checkPages(Database database) throws SQLException {
    String result = database.prepared("PRAGMA quick_check(1)").first(row -> row.text(1));
    if (!"ok".equals(result)) {
      throw damaged(String.valueOf(result));
    }
  }

  private static long number(Database database, String sql) throws SQLException {
    Long number = database.prepared(sql).first(row -> row.number(1));
    return number == null ? 0 : number;
  }

  private static IndexException damaged(String how) {
    return new IndexException(IndexException.Kind.DAMAGED, "the index is damaged: " + how);
  }
}
