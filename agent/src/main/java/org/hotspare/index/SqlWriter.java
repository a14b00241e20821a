package org.hotspare.index;

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
  /** The kernel gives it to nothing that is mounted. */
  private static final long NO_DEVICE = 0;

  private final Thread owner = Thread.currentThread();
  private final Known known;
  private State state;
  private boolean over;

  SqlWriter(Database database, State state, Known known) {
    super(database);
    this.state = state;
    this.known = known;
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
    boolean mayBeThere = known.mayHave(id);
    Stored before = mayBeThere ? stored(id) : null;
    long size = EntryFormat.sizeOf(inode.entry());
    if (before == null) {
      if (mayBeThere) {
        update("DELETE FROM inode_gone WHERE id = ?", statement -> statement.set(1, id));
      }
      count(1, size);
      update(
          "INSERT INTO inode (version, born, entry, local, id, device, inode)"
              + " VALUES (?, ?, ?, ?, ?, ?, ?)",
          statement -> bindPlace(bindRow(statement, inode), 6, inode.local()));
      return;
    }
    count(0, size - before.size());
    if (before.isAt(inode.local())) {
      update(
          "UPDATE inode SET version = ?, born = ?, entry = ?, local = ? WHERE id = ?",
          statement -> bindRow(statement, inode));
    } else {
      update(
          "UPDATE inode SET version = ?1, born = ?2, entry = ?3, local = ?4, device = ?6,"
              + " inode = ?7 WHERE id = ?5",
          statement -> bindPlace(bindRow(statement, inode), 6, inode.local()));
    }
  }

  @Override
  public void putLocal(EntryId id, @Nullable Local local) {
    Stored before = stored(id.value());
    if (before == null) {
      return;
    }
    byte[] encoded = local == null ? null : LocalFormat.encode(local);
    if (before.isAt(local)) {
      update(
          "UPDATE inode SET local = ? WHERE id = ?",
          statement -> statement.set(1, encoded).set(2, id.value()));
    } else {
      update(
          "UPDATE inode SET local = ?, device = ?, inode = ? WHERE id = ?",
          statement -> bindPlace(statement.set(1, encoded).set(4, id.value()), 2, local));
    }
  }

  @Override
  public void moveDevice(long from, long to) {
    move(to, NO_DEVICE);
    move(from, to);
  }

  private void move(long from, long to) {
    update(
        "UPDATE inode SET device = ? WHERE device = ?",
        statement -> statement.set(1, to).set(2, from));
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
          statement.set(1, EntryFormat.encode(id.value(), version, born, read));
          statement.set(2, id.value());
        });
  }

  @Override
  public void remove(EntryId id, Position version) {
    Stored before = known.mayHave(id.value()) ? stored(id.value()) : null;
    if (before != null) {
      count(-1, -before.size());
      update("DELETE FROM inode WHERE id = ?", statement -> statement.set(1, id.value()));
      putSignature(id, null);
    }
    update(
        "INSERT OR REPLACE INTO inode_gone (id, version) VALUES (?, ?)",
        statement -> {
          statement.set(1, id.value());
          statement.set(2, version.packed());
        });
  }

  @Override
  public void putName(NameRow row) {
    if (known.hasGoneNames()) {
      update(
          "DELETE FROM name_gone WHERE parent = ? AND name = ?",
          statement -> bindName(statement, row.parent(), row.name()));
    }
    update(
        """
        INSERT INTO name (parent, name, id, version) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET id = excluded.id, version = excluded.version
        """,
        statement -> {
          bindName(statement, row.parent(), row.name());
          statement.set(3, row.id().value());
          statement.set(4, row.version().packed());
        });
  }

  @Override
  public void removeName(EntryId parent, Name name, Position version) {
    update(
        "DELETE FROM name WHERE parent = ? AND name = ?",
        statement -> bindName(statement, parent, name));
    known.nameGone();
    update(
        "INSERT OR REPLACE INTO name_gone (parent, name, version) VALUES (?, ?, ?)",
        statement -> {
          bindName(statement, parent, name);
          statement.set(3, version.packed());
        });
  }

  @Override
  public void putSignature(EntryId id, @Nullable Bytes signature) {
    if (signature == null) {
      update("DELETE FROM signature WHERE id = ?", statement -> statement.set(1, id.value()));
      return;
    }
    update(
        "INSERT OR REPLACE INTO signature (id, value) VALUES (?, ?)",
        statement -> {
          statement.set(1, id.value());
          statement.set(2, signature.array());
        });
  }

  @Override
  public void forgetTombstones(Position upTo) {
    for (String table : new String[] {"inode_gone", "name_gone"}) {
      update(
          "DELETE FROM " + table + " WHERE version <= ?",
          statement -> statement.set(1, upTo.packed()));
    }
    state = state.withForgotten(upTo);
  }

  @Override
  public void putFact(String key, @Nullable Bytes value) {
    if (value == null) {
      update("DELETE FROM fact WHERE key = ?", statement -> statement.set(1, key));
      return;
    }
    update(
        "INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)",
        statement -> {
          statement.set(1, key);
          statement.set(2, value.array());
        });
  }

  @Override
  public void putNote(String table, Bytes key, @Nullable Bytes value) {
    if (value == null) {
      update(
          "DELETE FROM note WHERE tbl = ? AND key = ?",
          statement -> {
            statement.set(1, table);
            statement.set(2, key.array());
          });
      return;
    }
    update(
        "INSERT OR REPLACE INTO note (tbl, key, value) VALUES (?, ?, ?)",
        statement -> {
          statement.set(1, table);
          statement.set(2, key.array());
          statement.set(3, value.array());
        });
  }

  @Override
  public void clearRows() {
    for (String table : new String[] {"inode", "inode_gone", "name", "name_gone", "signature"}) {
      update("DELETE FROM " + table, statement -> {});
    }
    state = state.withCounts(0, 0);
  }

  /**
   * What a change of a row has to know of it. The place is asked for because writing it again, the
   * same, would cost one more page: SQLite updates the index of every column that is set.
   */
  private record Stored(long size, boolean hasPlace, long device, long inode) {
    boolean isAt(@Nullable Local local) {
      return local == null
          ? !hasPlace
          : hasPlace && device == local.device() && inode == local.inode();
    }
  }

  private @Nullable Stored stored(long id) {
    return firstOrNull(
        "SELECT entry, inode IS NOT NULL, device, inode FROM inode WHERE id = ?",
        statement -> statement.set(1, id),
        row ->
            new Stored(
                EntryFormat.sizeOf(row.array(1)),
                row.number(2) != 0,
                row.number(3),
                row.number(4)));
  }

  private void count(long entries, long bytes) {
    if (entries != 0 || bytes != 0) {
      state = state.withCounts(state.entries() + entries, state.bytes() + bytes);
    }
  }

  private static void bindName(Statement statement, EntryId parent, Name name) {
    statement.set(1, parent.value()).set(2, name.bytes().array());
  }

  /** All but the place, in parameters 1 to 5. */
  private static Statement bindRow(Statement statement, Inode inode) {
    long id = inode.id().value();
    long version = inode.version().packed();
    long born = inode.born().packed();
    Local local = inode.local();
    return statement
        .set(1, version)
        .set(2, born)
        .set(3, EntryFormat.encode(id, version, born, inode.entry()))
        .set(4, local == null ? null : LocalFormat.encode(local))
        .set(5, id);
  }

  private static void bindPlace(Statement statement, int at, @Nullable Local local) {
    if (local == null) {
      statement.setNull(at).setNull(at + 1);
    } else {
      statement.set(at, local.device()).set(at + 1, local.inode());
    }
  }

  private void update(String sql, Binding binding) {
    requireOpen();
    try {
      Statement statement = database().prepared(sql);
      binding.bind(statement);
      statement.run();
    } catch (SQLException e) {
      throw IndexException.of("the index could not be written", e);
    }
  }
}
