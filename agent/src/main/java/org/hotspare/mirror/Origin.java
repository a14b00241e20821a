package org.hotspare.mirror;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.hotspare.index.IndexReader;
import org.hotspare.index.NameRow;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Timestamp;

/**
 * Where an entry was before it left a standby's tree.
 *
 * @param parentModified the time that the directory had before: removing a name changes it
 */
record Origin(EntryId parent, Name name, Timestamp parentModified) {

  /** A place in a directory that nothing has left yet. */
  static Origin of(IndexReader index, EntryId parent, Name name) {
    return new Origin(parent, name, modified(index, parent));
  }

  static Origin of(IndexReader index, NameRow row) {
    return of(index, row.parent(), row.name());
  }

  /** The time of a directory as the index has it now. */
  static Timestamp modified(IndexReader index, EntryId directory) {
    return index
        .inode(directory)
        .map(inode -> inode.entry().metadata().modified())
        .orElse(Timestamp.EPOCH);
  }

  Bytes encode() {
    byte[] bytes = name.bytes().array();
    ByteBuffer out = ByteBuffer.allocate(20 + bytes.length);
    out.putLong(parent.value());
    out.putLong(parentModified.seconds()).putInt(parentModified.nanos());
    return Bytes.wrap(out.put(bytes).array());
  }

  static Origin decode(Bytes stored) {
    byte[] bytes = stored.array();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    EntryId parent = new EntryId(in.getLong());
    Timestamp modified = new Timestamp(in.getLong(), in.getInt());
    return new Origin(parent, Name.of(Arrays.copyOfRange(bytes, 20, bytes.length)), modified);
  }
}
