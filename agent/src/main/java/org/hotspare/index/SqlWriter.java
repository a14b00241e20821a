package org.hotspare.index;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * One write transaction. An id has either a live row or a tombstone, never both, and so has a name
 * in a directory.
 */
final class SqlWriter extends SqlReader implements IndexWriter {
  private final Thread owner = Thread.currentThread();
  private State state;
  private boolean over;

  SqlWriter(Database database, State state) {
    super(database);
    this.state = state;
  }

  @Override
  State state() {
    return state;
  }

  @Override
  void requireOpen() {
    if (over) {
      throw new IllegalStateException("the transaction is over");
    }
    if (owner != Thread.currentThread()) {
      throw new IllegalStateException("the transaction belongs to another thread");
    }
  }

  /** No more calls are taken from now on. */
  void end() {
    over = true;
  }

  @Override
  public Position nextPosition() {
    requireOpen();
    state = state.withNextPosition();
    return state.head();
  }

  @Override
  public EntryId nextId() {
    requireOpen();
    state = state.withNextId();
    return state.lastId();
  }

  @Override
  public void openEpoch(long epoch) {
    requireOpen();
    state = state.withEpoch(epoch);
  }

  @Override
  public void setLineage(Lineage lineage) {
    requireOpen();
    state = state.withLineage(lineage);
  }

  @Override
  public void put(Inode inode) {
    long id = inode.id().value();
    byte[] before = storedEntry(id);
    if (before == null) {
      update("DELETE FROM inode_gone WHERE id = ?", statement -> statement.setLong(1, id));
      count(1, EntryFormat.sizeOf(inode.entry()));
    } else {
      count(0, EntryFormat.sizeOf(inode.entry()) - EntryFormat.sizeOf(before));
    }
    update(
        before == null
            ? "INSERT INTO inode (version, born, entry, device, inode, local, id)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?)"
            : "UPDATE inode SET version = ?, born = ?, entry = ?, device = ?, inode = ?, local = ?"
                + " WHERE id = ?",
        statement -> {
          long version = inode.version().packed();
          long born = inode.born().packed();
          statement.setLong(1, version);
          statement.setLong(2, born);
          statement.setBytes(3, EntryFormat.encode(id, version, born, inode.entry()));
          bindLocal(statement, 4, inode.local());
          statement.setLong(7, id);
        });
  }

  @Override
  public void putLocal(EntryId id, @Nullable Local local) {
    update(
        "UPDATE inode SET device = ?, inode = ?, local = ? WHERE id = ?",
        statement -> {
          bindLocal(statement, 1, local);
          statement.setLong(4, id.value());
        });
  }

  @Override
  public void putContent(EntryId id, long size, Digest digest, long layout) {
    Inode inode = inode(id).orElse(null);
    if (inode == null || !(inode.entry() instanceof Entry.RegularFile file)) {
      return;
    }
    long version = inode.version().packed();
    long born = inode.born().packed();
    Entry read = file.withContent(size, digest, layout);
    count(0, size - file.size());
    update(
        "UPDATE inode SET entry = ? WHERE id = ?",
        statement -> {
          statement.setBytes(1, EntryFormat.encode(id.value(), version, born, read));
          statement.setLong(2, id.value());
        });
  }

  @Override
  public void remove(EntryId id, Position version) {
    byte[] before = storedEntry(id.value());
    if (before != null) {
      count(-1, -EntryFormat.sizeOf(before));
      update("DELETE FROM inode WHERE id = ?", statement -> statement.setLong(1, id.value()));
      putSignature(id, null);
    }
    update(
        "INSERT OR REPLACE INTO inode_gone (id, version) VALUES (?, ?)",
        statement -> {
          statement.setLong(1, id.value());
          statement.setLong(2, version.packed());
        });
  }

  @Override
  public void putName(NameRow row) {
    update(
        "DELETE FROM name_gone WHERE parent = ? AND name = ?",
        statement -> bindName(statement, row.parent(), row.name()));
    update(
        """
        INSERT INTO name (parent, name, id, version) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET id = excluded.id, version = excluded.version
        """,
        statement -> {
          bindName(statement, row.parent(), row.name());
          statement.setLong(3, row.id().value());
          statement.setLong(4, row.version().packed());
        });
  }

  @Override
  public void removeName(EntryId parent, Name name, Position version) {
    update(
        "DELETE FROM name WHERE parent = ? AND name = ?",
        statement -> bindName(statement, parent, name));
    update(
        "INSERT OR REPLACE INTO name_gone (parent, name, version) VALUES (?, ?, ?)",
        statement -> {
          bindName(statement, parent, name);
          statement.setLong(3, version.packed());
        });
  }

  @Override
  public void putSignature(EntryId id, @Nullable Bytes signature) {
    if (signature == null) {
      update("DELETE FROM signature WHERE id = ?", statement -> statement.setLong(1, id.value()));
      return;
    }
    update(
        "INSERT OR REPLACE INTO signature (id, value) VALUES (?, ?)",
        statement -> {
          statement.setLong(1, id.value());
          statement.setBytes(2, signature.array());
        });
  }

  @Override
  public void forgetTombstones(Position upTo) {
    for (String table : new String[] {"inode_gone", "name_gone"}) {
      update(
          "DELETE FROM " + table + " WHERE version <= ?",
          statement -> statement.setLong(1, upTo.packed()));
    }
    state = state.withForgotten(upTo);
  }

  @Override
  public void putFact(String key, @Nullable Bytes value) {
    if (value == null) {
      update("DELETE FROM fact WHERE key = ?", statement -> statement.setString(1, key));
      return;
    }
    update(
        "INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)",
        statement -> {
          statement.setString(1, key);
          statement.setBytes(2, value.array());
        });
  }

  @Override
  public void putNote(String table, Bytes key, @Nullable Bytes value) {
    if (value == null) {
      update(
          "DELETE FROM note WHERE tbl = ? AND key = ?",
          statement -> {
            statement.setString(1, table);
            statement.setBytes(2, key.array());
          });
      return;
    }
    update(
        "INSERT OR REPLACE INTO note (tbl, key, value) VALUES (?, ?, ?)",
        statement -> {
          statement.setString(1, table);
          statement.setBytes(2, key.array());
          statement.setBytes(3, value.array());
        });
  }

  @Override
  public void clearRows() {
    for (String table : new String[] {"inode", "inode_gone", "name", "name_gone", "signature"}) {
      update("DELETE FROM " + table, statement -> {});
    }
    state = state.withCounts(0, 0);
  }

  private byte @Nullable [] storedEntry(long id) {
    return firstOrNull(
        "SELECT entry FROM inode WHERE id = ?",
        statement -> statement.setLong(1, id),
        row -> Rows.bytes(row, 1).array());
  }

  private void count(long entries, long bytes) {
    if (entries != 0 || bytes != 0) {
      state = state.withCounts(state.entries() + entries, state.bytes() + bytes);
    }
  }

  private static void bindName(PreparedStatement statement, EntryId parent, Name name)
      throws SQLException {
    statement.setLong(1, parent.value());
    statement.setBytes(2, name.bytes().array());
  }

  private static void bindLocal(PreparedStatement statement, int at, @Nullable Local local)
      throws SQLException {
    if (local == null) {
      statement.setObject(at, null);
      statement.setObject(at + 1, null);
      statement.setObject(at + 2, null);
      return;
    }
    statement.setLong(at, local.device());
    statement.setLong(at + 1, local.inode());
    statement.setBytes(at + 2, LocalFormat.encode(local));
  }

  private void update(String sql, Binding binding) {
    requireOpen();
    try {
      PreparedStatement statement = database().prepared(sql);
      binding.bind(statement);
      statement.executeUpdate();
    } catch (SQLException e) {
      throw IndexException.of("the index could not be written", e);
    }
  }
}
