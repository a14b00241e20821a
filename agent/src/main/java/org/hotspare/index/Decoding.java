package org.hotspare.index;

import java.nio.BufferUnderflowException;
import java.sql.SQLException;

/** Making values of what lies in the database, where whatever is no value means damage. */
@FunctionalInterface
interface Decoding<T> {
  T value() throws SQLException;

  static <T> T of(Decoding<T> decoding) throws SQLException {
    try {
      return decoding.value();
    } catch (IllegalArgumentException | BufferUnderflowException e) {
      throw new IndexException(
          IndexException.Kind.DAMAGED, "the index has a damaged row: " + e.getMessage(), e);
    }
  }
}
