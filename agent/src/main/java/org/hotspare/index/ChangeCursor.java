package org.hotspare.index;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
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
                  new EntryId(row.getLong(1)),
                  Position.unpack(row.getLong(2)),
                  EntryFormat.decode(
                      row.getLong(1), row.getLong(2), row.getLong(3), Rows.bytes(row, 4).array())));
      cursor.add(
          database,
          "SELECT id, version FROM inode_gone",
          after,
          upTo,
          row ->
              new Change.InodeGone(new EntryId(row.getLong(1)), Position.unpack(row.getLong(2))));
      cursor.add(
          database,
          "SELECT parent, name, id, version FROM name",
          after,
          upTo,
          row ->
              new Change.NameSet(
                  new EntryId(row.getLong(1)),
                  new Name(Rows.bytes(row, 2)),
                  new EntryId(row.getLong(3)),
                  Position.unpack(row.getLong(4))));
      cursor.add(
          database,
          "SELECT parent, name, version FROM name_gone",
          after,
          upTo,
          row ->
              new Change.NameGone(
                  new EntryId(row.getLong(1)),
                  new Name(Rows.bytes(row, 2)),
                  Position.unpack(row.getLong(3))));
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
      SqlReader.RowReader<Change> reader)
      throws SQLException {
    PreparedStatement statement = database.prepare(select + RANGE);
    statement.setLong(1, after.packed());
    statement.setLong(2, upTo.packed());
    Source source = new Source(statement, statement.executeQuery(), reader);
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
    private final PreparedStatement statement;
    private final ResultSet row;
    private final SqlReader.RowReader<Change> reader;
    private @Nullable Change current;

    Source(PreparedStatement statement, ResultSet row, SqlReader.RowReader<Change> reader) {
      this.statement = statement;
      this.row = row;
      this.reader = reader;
    }

    void advance() throws SQLException {
      current = row.next() ? Decoding.of(() -> reader.read(row)) : null;
    }
  }
}
