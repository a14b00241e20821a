package org.hotspare.wire;

import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.wire.proto.InodeGone;
import org.hotspare.wire.proto.InodeSet;
import org.hotspare.wire.proto.NameGone;
import org.hotspare.wire.proto.NameSet;
import org.jspecify.annotations.Nullable;

/** Rows of a cut in frame headers; see {@link EntryCodec} for what is thrown. */
final class RowCodec {
  private RowCodec() {}

  static org.hotspare.wire.proto.Row encode(Row row, StepsCodec steps) {
    var encoded =
        org.hotspare.wire.proto.Row.newBuilder().setVersion(row.change().version().packed());
    switch (row.change()) {
      case Change.InodeSet set ->
          encoded.setInodeSet(
              InodeSet.newBuilder()
                  .setId(set.id().value())
                  .setEntry(EntryCodec.encode(set.entry())));
      case Change.InodeGone gone ->
          encoded.setInodeGone(InodeGone.newBuilder().setId(gone.id().value()));
      case Change.NameSet set ->
          encoded.setNameSet(
              NameSet.newBuilder()
                  .setParent(set.parent().value())
                  .setName(EntryCodec.encode(set.name().bytes()))
                  .setId(set.id().value()));
      case Change.NameGone gone ->
          encoded.setNameGone(
              NameGone.newBuilder()
                  .setParent(gone.parent().value())
                  .setName(EntryCodec.encode(gone.name().bytes())));
    }
    FileContent content = row.content();
    if (content != null) {
      String refusal = refusal(row.change(), content.base(), content.ops());
      if (!refusal.isEmpty()) {
        throw new IllegalArgumentException(refusal);
      }
      encoded.setContent(
          org.hotspare.wire.proto.FileContent.newBuilder()
              .setBase(EntryCodec.encode(content.base()))
              .setSteps(steps.encode(content.ops()))
              .setComplete(content.complete()));
    }
    return encoded.build();
  }

  static Row decode(org.hotspare.wire.proto.Row encoded, StepsCodec steps)
      throws ProtocolException {
    Position version = Position.unpack(encoded.getVersion());
    Change change =
        switch (encoded.getChangeCase()) {
          case INODE_SET ->
              new Change.InodeSet(
                  new EntryId(encoded.getInodeSet().getId()),
                  version,
                  EntryCodec.decode(encoded.getInodeSet().getEntry()));
          case INODE_GONE ->
              new Change.InodeGone(new EntryId(encoded.getInodeGone().getId()), version);
          case NAME_SET ->
              new Change.NameSet(
                  new EntryId(encoded.getNameSet().getParent()),
                  new Name(EntryCodec.decode(encoded.getNameSet().getName())),
                  new EntryId(encoded.getNameSet().getId()),
                  version);
          case NAME_GONE ->
              new Change.NameGone(
                  new EntryId(encoded.getNameGone().getParent()),
                  new Name(EntryCodec.decode(encoded.getNameGone().getName())),
                  version);
          case CHANGE_NOT_SET -> throw new ProtocolException("a row of no known kind");
        };
    if (!encoded.hasContent()) {
      return new Row(change, null);
    }
    var content = encoded.getContent();
    Digest base = EntryCodec.digest(content.getBase());
    List<DeltaOp> ops = steps.decode(content.getSteps());
    String refusal = refusal(change, base, ops);
    if (!refusal.isEmpty()) {
      throw new ProtocolException(refusal);
    }
    return new Row(change, new FileContent(base, ops, content.getComplete()));
  }

  /** What is wrong with content for this change; empty where nothing is. */
  private static String refusal(Change change, @Nullable Digest base, List<DeltaOp> ops) {
    if (!(change instanceof Change.InodeSet set && set.entry() instanceof Entry.RegularFile)) {
      return "content for what is no regular file";
    }
    if (!ops.isEmpty() && ops.getFirst().offset() != 0) {
      return "content that begins at " + ops.getFirst().offset();
    }
    return base == null && ops.stream().anyMatch(DeltaOp.Copy.class::isInstance)
        ? "a copy from no earlier version"
        : "";
  }
}
