package org.hotspare.index;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.jspecify.annotations.Nullable;

/** The look-ups of {@link IndexReader} on one connection, within the transaction it is in. */
abstract class SqlReader implements IndexReader {
  /** As deep as a tree can be that the kernel gives a path of; also what ends a cycle. */
  private static final int MAX_DEPTH = 4096;

  private final Database database;

  SqlReader(Database database) {
    this.database = database;
  }

  /** The state as this reader sees it. */
  abstract State state();

  /**
   * @throws IllegalStateException if the transaction is over
   */
  abstract void requireOpen();

  final Database database() {
    return database;
  }

  @Override
  public final Position head() {
    requireOpen();
    return state().head();
  }

  @Override
  public final Lineage lineage() {
    requireOpen();
    return state().lineage();
  }

  @Override
  public final Position forgotten() {
    requireOpen();
    return state().forgotten();
  }

  @Override
  public final Counts counts() {
    requireOpen();
    return new Counts(state().entries(), state().bytes());
  }

  @Override
  public final Optional<Inode> inode(EntryId id) {
    return first(
        "SELECT " + Rows.INODE + " FROM inode i WHERE i.id = ?",
        statement -> statement.set(1, id.value()),
        row -> Rows.inode(row, 1));
  }

  @Override
  public final Optional<Inode> inodeAt(long device, long inode) {
    return first(
        "SELECT "
            + Rows.INODE
            + " FROM inode i WHERE i.inode = ? AND i.device = ? ORDER BY i.version DESC LIMIT 1",
        statement -> {
          statement.set(1, inode);
          statement.set(2, device);
        },
        row -> Rows.inode(row, 1));
  }

  @Override
  public final Optional<NameRow> name(EntryId parent, Name name) {
    return first(
        "SELECT " + Rows.NAME + " FROM name n WHERE n.parent = ? AND n.name = ?",
        statement -> {
          statement.set(1, parent.value());
          statement.set(2, name.bytes().array());
        },
        Rows::name);
  }

  @Override
  public final List<NameRow> namesOf(EntryId id) {
    return all(
        "SELECT " + Rows.NAME + " FROM name n WHERE n.id = ?",
        statement -> statement.set(1, id.value()),
        Rows::name);
  }

  @Override
  public final List<Child> children(EntryId directory) {
    return all(
        "SELECT "
            + Rows.CHILD
            + " FROM name n CROSS JOIN inode i ON i.id = n.id WHERE n.parent = ? ORDER BY n.name",
        statement -> statement.set(1, directory.value()),
        Rows::child);
  }

  @Override
  public final boolean hasChildren(EntryId directory) {
    return first(
            "SELECT 1 FROM name WHERE parent = ? LIMIT 1",
            statement -> statement.set(1, directory.value()),
            row -> Boolean.TRUE)
        .isPresent();
  }

  @Override
  public final Optional<RelPath> path(EntryId id) {
    requireOpen();
    if (id.equals(EntryId.ROOT)) {
      return Optional.of(RelPath.ROOT);
    }
    for (NameRow name : namesOf(id)) {
      Optional<RelPath> path = pathThrough(name);
      if (path.isPresent()) {
        return path;
      }
    }
    return Optional.empty();
  }

  private Optional<RelPath> pathThrough(NameRow last) {
    List<Name> upwards = new ArrayList<>();
    upwards.add(last.name());
    EntryId directory = last.parent();
    while (!directory.equals(EntryId.ROOT)) {
      Step step = upwards.size() < MAX_DEPTH ? stepUp(directory) : null;
      if (step == null) {
        return Optional.empty();
      }
      upwards.add(step.name());
      directory = step.parent();
    }
    Collections.reverse(upwards);
    return Optional.of(RelPath.of(upwards));
  }

  /** The name of a directory and where it has it; without the version, the index alone answers. */
  private record Step(EntryId parent, Name name) {}

  private @Nullable Step stepUp(EntryId directory) {
    return firstOrNull(
        "SELECT parent, name FROM name WHERE id = ? LIMIT 1",
        statement -> statement.set(1, directory.value()),
        row -> Decoding.of(() -> new Step(new EntryId(row.number(1)), new Name(row.bytes(2)))));
  }

  @Override
  public final Optional<EntryId> resolve(RelPath path) {
    requireOpen();
    EntryId id = EntryId.ROOT;
    for (Name name : path.names()) {
      Optional<NameRow> row = name(id, name);
      if (row.isEmpty()) {
        return Optional.empty();
      }
      id = row.get().id();
    }
    return Optional.of(id);
  }

  @Override
  public final void changes(Position after, Position upTo, Consumer<Change> consumer) {
    requireOpen();
    try (ChangeCursor cursor = ChangeCursor.open(database, after, upTo)) {
      for (Change change = cursor.next(); change != null; change = cursor.next()) {
        consumer.accept(change);
      }
    } catch (SQLException e) {
      throw IndexException.of("the changes in the index could not be read", e);
    }
  }

  @Override
  public final long countChanges(Position after, Position upTo) {
    return first(
            """
            SELECT (SELECT count(*) FROM inode WHERE version > ?1 AND version <= ?2)
                 + (SELECT count(*) FROM inode_gone WHERE version > ?1 AND version <= ?2)
                 + (SELECT count(*) FROM name WHERE version > ?1 AND version <= ?2)
                 + (SELECT count(*) FROM name_gone WHERE version > ?1 AND version <= ?2)
            """,
            statement -> {
              statement.set(1, after.packed());
              statement.set(2, upTo.packed());
            },
            row -> row.number(1))
        .orElseThrow();
  }

  @Override
  public final List<EntryId> nameless() {
    return all(
        "SELECT id FROM inode WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.id = inode.id)"
            + " ORDER BY id",
        statement -> {},
        row -> new EntryId(row.number(1)));
  }

  @Override
  public final void inodes(Consumer<Inode> consumer) {
    requireOpen();
    try (Statement statement =
        database.prepare("SELECT " + Rows.INODE + " FROM inode i ORDER BY i.id")) {
      Inode inode = statement.next(row -> Rows.inode(row, 1));
      while (inode != null) {
        consumer.accept(inode);
        inode = statement.next(row -> Rows.inode(row, 1));
      }
    } catch (SQLException e) {
      throw IndexException.of("the inodes in the index could not be read", e);
    }
  }

  @Override
  public final Optional<Bytes> signature(EntryId id) {
    return first(
        "SELECT value FROM signature WHERE id = ?",
        statement -> statement.set(1, id.value()),
        row -> row.bytes(1));
  }

  @Override
  public final Optional<Bytes> fact(String key) {
    return first(
        "SELECT value FROM fact WHERE key = ?",
        statement -> statement.set(1, key),
        row -> row.bytes(1));
  }

  @Override
  public final List<Note> notes(String table) {
    return all(
        "SELECT key, value FROM note WHERE tbl = ? ORDER BY key",
        statement -> statement.set(1, table),
        row -> new Note(row.bytes(1), row.bytes(2)));
  }

  @Override
  public final long countNotes(String table) {
    return first(
            "SELECT COUNT(*) FROM note WHERE tbl = ?",
            statement -> statement.set(1, table),
            row -> row.number(1))
        .orElse(0L);
  }

  @Override
  public final List<Note> notes(String table, Bytes prefix) {
    return all(
        "SELECT key, value FROM note WHERE tbl = ? AND key >= ? AND key < ? ORDER BY key",
        statement -> {
          statement.set(1, table);
          statement.set(2, prefix.array());
          statement.set(3, firstPast(prefix));
        },
        row -> new Note(row.bytes(1), row.bytes(2)));
  }

  @Override
  public final List<Note> notesAfter(String table, Bytes key, int most) {
    return all(
        "SELECT key, value FROM note WHERE tbl = ? AND key > ? ORDER BY key LIMIT ?",
        statement -> {
          statement.set(1, table);
          statement.set(2, key.array());
          statement.set(3, most);
        },
        row -> new Note(row.bytes(1), row.bytes(2)));
  }

  /** What follows all that begins with the prefix, which is not of 0xff alone. */
  private static byte[] firstPast(Bytes prefix) {
    int last = prefix.length() - 1;
    while (prefix.array()[last] == (byte) 0xff) {
      last--;
    }
    byte[] past = Arrays.copyOf(prefix.array(), last + 1);
    past[last]++;
    return past;
  }

  @Override
  public final Optional<Note> note(String table, Bytes key) {
    return first(
        "SELECT key, value FROM note WHERE tbl = ? AND key = ?",
        statement -> {
          statement.set(1, table);
          statement.set(2, key.array());
        },
        row -> new Note(row.bytes(1), row.bytes(2)));
  }

  /** Sets the parameters of a statement. */
  @FunctionalInterface
  interface Binding {
    void bind(Statement statement);
  }

  private <T> Optional<T> first(String sql, Binding binding, Statement.RowReader<T> reader) {
    return Optional.ofNullable(firstOrNull(sql, binding, reader));
  }

  final <T> @Nullable T firstOrNull(String sql, Binding binding, Statement.RowReader<T> reader) {
    requireOpen();
    try {
      Statement statement = database.prepared(sql);
      binding.bind(statement);
      return statement.first(reader);
    } catch (SQLException e) {
      throw IndexException.of("the index could not be read", e);
    }
  }

  private <T> List<T> all(String sql, Binding binding, Statement.RowReader<T> reader) {
    requireOpen();
    try {
      Statement statement = database.prepared(sql);
      binding.bind(statement);
      List<T> values = new ArrayList<>();
      T value = statement.next(reader);
      while (value != null) {
        values.add(value);
        value = statement.next(reader);
      }
      return values;
    } catch (SQLException e) {
      throw IndexException.of("the index could not be read", e);
    }
  }
}
