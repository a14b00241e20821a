package org.hotspare.index;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/** Merges the rows of the four tables that take part in the order of changes, by version. */
final class ChangeCursor implements AutoCloseable {
  private static final String RANGE = " WHERE version > ? AND version <= ? ORDER BY version";

  private final List<Source> sources = new ArrayList<>();

  private ChangeCursor() {}

  static ChangeCursor open(Database database, Position after, Position upTo) throws SQLException {
    ChangeCursor cursor = new ChangeCursor();
    try {
      cursor.add(
          database,
          "SELECT id, version, born, entry FROM inode",
          after,
          upTo,
          row ->
              new Change.InodeSet(
                  new EntryId(row.number(1)),
                  Position.unpack(row.number(2)),
                  EntryFormat.decode(row.number(1), row.number(2), row.number(3), row.array(4))));
      cursor.add(
          database,
          "SELECT id, version FROM inode_gone",
          after,
          upTo,
          row -> new Change.InodeGone(new EntryId(row.number(1)), Position.unpack(row.number(2))));
      cursor.add(
          database,
          "SELECT parent, name, id, version FROM name",
          after,
          upTo,
          row ->
              new Change.NameSet(
                  new EntryId(row.number(1)),
                  new Name(row.bytes(2)),
                  new EntryId(row.number(3)),
                  Position.unpack(row.number(4))));
      cursor.add(
          database,
          "SELECT parent, name, version FROM name_gone",
          after,
          upTo,
          row ->
              new Change.NameGone(
                  new EntryId(row.number(1)),
                  new Name(row.bytes(2)),
                  Position.unpack(row.number(3))));
    } catch (SQLException | RuntimeException e) {
      cursor.close();
      throw e;
    }
    return cursor;
  }

  private void add(
      Database database,
      String select,
      Position after,
      Position upTo,
      Statement.RowReader<Change> reader)
      throws SQLException {
    Statement statement = database.prepare(select + RANGE);
    Source source = new Source(statement.set(1, after.packed()).set(2, upTo.packed()), reader);
    sources.add(source);
    source.advance();
  }

  /** The next change in the order of versions; null after the last. */
  @Nullable Change next() throws SQLException {
    Source oldest = null;
    Change next = null;
    for (Source source : sources) {
      Change change = source.current;
      if (change != null && (next == null || next.version().isAfter(change.version()))) {
        oldest = source;
        next = change;
      }
    }
    if (oldest != null) {
      oldest.advance();
    }
    return next;
  }

  @Override
  public void close() throws SQLException {
    for (Source source : sources) {
      source.statement.close();
    }
  }

  private static final class Source {
    private final Statement statement;
    private final Statement.RowReader<Change> reader;
    private @Nullable Change current;

    Source(Statement statement, Statement.RowReader<Change> reader) {
      this.statement = statement;
      this.reader = reader;
    }

    void advance() throws SQLException {
      current = statement.next(row -> Decoding.of(() -> reader.read(row)));
    }
  }
}
