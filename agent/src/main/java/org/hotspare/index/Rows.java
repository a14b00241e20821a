package org.hotspare.index;

import java.sql.ResultSet;
import java.sql.SQLException;
import org.hotspare.tree.Bytes;
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
  static Inode inode(ResultSet row, int at) throws SQLException {
    return Decoding.of(
        () -> {
          long id = row.getLong(at);
          long version = row.getLong(at + 1);
          long born = row.getLong(at + 2);
          Entry entry = EntryFormat.decode(id, version, born, required(row, at + 3));
          byte[] local = row.getBytes(at + 6);
          return new Inode(
              new EntryId(id),
              Position.unpack(version),
              Position.unpack(born),
              entry,
              local == null
                  ? null
                  : LocalFormat.decode(row.getLong(at + 4), row.getLong(at + 5), local));
        });
  }

  static NameRow name(ResultSet row) throws SQLException {
    return Decoding.of(
        () ->
            new NameRow(
                new EntryId(row.getLong(1)),
                new Name(bytes(row, 2)),
                new EntryId(row.getLong(3)),
                Position.unpack(row.getLong(4))));
  }

  static Child child(ResultSet row) throws SQLException {
    Inode inode = inode(row, 3);
    return Decoding.of(
        () -> new Child(new Name(bytes(row, 1)), Position.unpack(row.getLong(2)), inode));
  }

  static Bytes bytes(ResultSet row, int column) throws SQLException {
    return Bytes.wrap(required(row, column));
  }

  private static byte[] required(ResultSet row, int column) throws SQLException {
    byte[] value = row.getBytes(column);
    if (value == null) {
      throw new IndexException(IndexException.Kind.DAMAGED, "a row of the index lacks a value");
    }
    return value;
  }
}
