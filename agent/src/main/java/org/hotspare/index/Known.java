package org.hotspare.index;

import java.sql.SQLException;

/**
 * What the writer knows about the tables without asking them, which spares most statements of a
 * first scan: an id above the highest has neither row nor tombstone, and without tombstones there
 * are none to delete. Read anew after a transaction was rolled back; touched only under the
 * writers' lock.
 */
final class Known {
  private long highestId;
  private boolean goneNames;

  private Known(long highestId, boolean goneNames) {
    this.highestId = highestId;
    this.goneNames = goneNames;
  }

  static Known read(Database database) throws SQLException {
    String sql =
        """
        SELECT max((SELECT ifnull(max(id), 0) FROM inode),
                   (SELECT ifnull(max(id), 0) FROM inode_gone)),
               EXISTS (SELECT 1 FROM name_gone)
        """;
    Known known = database.prepared(sql).first(row -> new Known(row.number(1), row.number(2) != 0));
    if (known == null) {
      throw new SQLException("no result");
    }
    return known;
  }

  /** Whether the id may have a row or a tombstone; from now on it may. */
  boolean mayHave(long id) {
    if (id <= highestId) {
      return true;
    }
    highestId = id;
    return false;
  }

  boolean hasGoneNames() {
    return goneNames;
  }

  void nameGone() {
    goneNames = true;
  }
}
