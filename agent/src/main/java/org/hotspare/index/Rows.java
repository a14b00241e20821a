package org.hotspare.index;

import java.sql.SQLException;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;

/**
 * The columns of each kind of row in the order in which they are selected, and the values made of
 * them.
 */
final class Rows {
  static final String INODE = "i.id, i.version, i.born, i.entry, i.device, i.inode, i.local";
  static final String NAME = "n.parent, n.name, n.id, n.version";
  static final String CHILD = "n.name, n.version, " + INODE;

  private Rows() {}

  /** The columns of {@link #INODE} from column {@code at} on. */
  static Inode inode(Statement.Row row, int at) throws SQLException {
    return Decoding.of(
        () -> {
          long id = row.number(at);
          long version = row.number(at + 1);
          long born = row.number(at + 2);
          Entry entry = EntryFormat.decode(id, version, born, row.array(at + 3));
          byte[] local = row.arrayOrNull(at + 6);
          return new Inode(
              new EntryId(id),
              Position.unpack(version),
              Position.unpack(born),
              entry,
              local == null
                  ? null
                  : LocalFormat.decode(row.number(at + 4), row.number(at + 5), local));
        });
  }

  static NameRow name(Statement.Row row) throws SQLException {
    return Decoding.of(
        () ->
            new NameRow(
                new EntryId(row.number(1)),
                new Name(row.bytes(2)),
                new EntryId(row.number(3)),
                Position.unpack(row.number(4))));
  }

  static Child child(Statement.Row row) throws SQLException {
    Inode inode = inode(row, 3);
    return Decoding.of(
        () -> new Child(new Name(row.bytes(1)), Position.unpack(row.number(2)), inode));
  }
}
