package org.hotspare.mirror;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.hotspare.index.IndexReader;
import org.hotspare.index.IndexWriter;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.RelPath;
import org.hotspare.watch.Problems;

/**
 * Entries that this standby could not make as the primary has them, and why. They are kept in the
 * index beside the rows that they are about, so that a restart does not forget them, and go when
 * the entry is made, or gone.
 */
final class Shortfalls {
  private static final String TABLE = "shortfall";

  /** What an entry lacks. */
  enum Lack {
    /** It is not at its place, or its content is not the newest. */
    PLACE(0),
    /** Some of its metadata was refused. */
    METADATA(1);

    /** In the index. */
    private final byte code;

    Lack(int code) {
      this.code = (byte) code;
    }
  }

  private Shortfalls() {}

  static void note(IndexWriter index, EntryId id, Lack lack, RelPath path, String reason) {
    byte[] where = path.bytes().array();
    byte[] why = reason.getBytes(StandardCharsets.UTF_8);
    ByteBuffer value = ByteBuffer.allocate(4 + where.length + why.length);
    value.putInt(where.length).put(where).put(why);
    index.putNote(TABLE, key(id, lack), Bytes.wrap(value.array()));
  }

  static void settle(IndexWriter index, EntryId id, Lack lack) {
    Bytes key = key(id, lack);
    if (index.note(TABLE, key).isPresent()) {
      index.putNote(TABLE, key, null);
    }
  }

  static void settleAll(IndexWriter index, EntryId id) {
    for (Lack lack : Lack.values()) {
      settle(index, id, lack);
    }
  }

  static boolean has(IndexReader index, EntryId id, Lack lack) {
    return index.note(TABLE, key(id, lack)).isPresent();
  }

  static List<Problems.Problem> all(IndexReader index) {
    List<Problems.Problem> all = new ArrayList<>();
    for (IndexReader.Note note : index.notes(TABLE)) {
      EntryId id = new EntryId(ByteBuffer.wrap(note.key().array()).getLong());
      ByteBuffer value = ByteBuffer.wrap(note.value().array());
      byte[] where = new byte[value.getInt()];
      value.get(where);
      RelPath path = index.path(id).orElseGet(() -> RelPath.parse(Bytes.wrap(where)));
      all.add(new Problems.Problem(path, StandardCharsets.UTF_8.decode(value).toString()));
    }
    return all;
  }

  /** The first {@code most} entries that lack something. */
  static Set<EntryId> entries(IndexReader index, int most) {
    Set<EntryId> ids = new LinkedHashSet<>();
    for (IndexReader.Note note : index.notes(TABLE)) {
      if (ids.size() < most) {
        ids.add(new EntryId(ByteBuffer.wrap(note.key().array()).getLong()));
      }
    }
    return ids;
  }

  private static Bytes key(EntryId id, Lack lack) {
    ByteBuffer key = ByteBuffer.allocate(9).putLong(id.value()).put(lack.code);
    return Bytes.wrap(key.array());
  }
}
