package org.hotspare.index;

import java.sql.SQLException;
import java.util.function.Consumer;

/** A read transaction on a connection of the pool. */
final class SqlSnapshot extends SqlReader implements Snapshot {
  private final State state;
  private final Consumer<Database> giveBack;
  private boolean closed;

  /** Reading the state is what makes SQLite take the view. */
  SqlSnapshot(Database database, Consumer<Database> giveBack) throws SQLException {
    super(database);
    this.state = State.read(database);
    this.giveBack = giveBack;
  }

  @Override
  State state() {
    return state;
  }

  @Override
  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the snapshot is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      giveBack.accept(database());
    }
  }
}
