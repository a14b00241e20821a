package org.hotspare.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * Entries in frame headers. The constructors of the values refuse what no file system has with
 * {@link IllegalArgumentException}; the caller makes that a {@link ProtocolException}.
 */
final class EntryCodec {
  private EntryCodec() {}

  static org.hotspare.wire.proto.Entry encode(Entry entry) {
    Bounds.refusal(entry)
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(reason);
            });
    Metadata metadata = entry.metadata();
    var encoded =
        org.hotspare.wire.proto.Entry.newBuilder()
            .setPermissions(metadata.permissions())
            .setOwner(metadata.owner())
            .setGroup(metadata.group())
            .setModifiedSeconds(metadata.modified().seconds())
            .setModifiedNanos(metadata.modified().nanos());
    for (Attribute attribute : metadata.attributes()) {
      encoded.addAttribute(
          org.hotspare.wire.proto.Attribute.newBuilder()
              .setName(encode(attribute.name()))
              .setValue(encode(attribute.value())));
    }
    switch (entry) {
      case Entry.RegularFile file ->
          encoded.setRegularFile(
              org.hotspare.wire.proto.RegularFile.newBuilder()
                  .setSize(file.size())
                  .setDigest(encode(file.digest()))
                  .setLayout(file.layout()));
      case Entry.Directory directory ->
          encoded.setDirectory(org.hotspare.wire.proto.Directory.getDefaultInstance());
      case Entry.SymbolicLink link ->
          encoded.setSymbolicLink(
              org.hotspare.wire.proto.SymbolicLink.newBuilder().setTarget(encode(link.target())));
      case Entry.SpecialFile special ->
          encoded.setSpecialFile(
              org.hotspare.wire.proto.SpecialFile.newBuilder()
                  .setKind(special.kind().code())
                  .setMajor(special.major())
                  .setMinor(special.minor()));
    }
    return encoded.build();
  }

  static Entry decode(org.hotspare.wire.proto.Entry encoded) throws ProtocolException {
    Entry entry =
        switch (encoded.getKindCase()) {
          case REGULAR_FILE -> regularFile(encoded);
          case DIRECTORY -> new Entry.Directory(metadata(encoded));
          case SYMBOLIC_LINK ->
              new Entry.SymbolicLink(
                  metadata(encoded), decode(encoded.getSymbolicLink().getTarget()));
          case SPECIAL_FILE -> specialFile(encoded);
          case KIND_NOT_SET -> throw new ProtocolException("an entry of no known kind");
        };
    String refusal = Bounds.refusal(entry).orElse("");
    if (!refusal.isEmpty()) {
      throw new ProtocolException(refusal);
    }
    return entry;
  }

  private static Metadata metadata(org.hotspare.wire.proto.Entry encoded) {
    List<Attribute> attributes = new ArrayList<>(encoded.getAttributeCount());
    for (var attribute : encoded.getAttributeList()) {
      attributes.add(new Attribute(decode(attribute.getName()), decode(attribute.getValue())));
    }
    return new Metadata(
        encoded.getPermissions(),
        encoded.getOwner(),
        encoded.getGroup(),
        new Timestamp(encoded.getModifiedSeconds(), encoded.getModifiedNanos()),
        attributes);
  }

  private static Entry.RegularFile regularFile(org.hotspare.wire.proto.Entry encoded) {
    var file = encoded.getRegularFile();
    return new Entry.RegularFile(
        metadata(encoded), file.getSize(), digest(file.getDigest()), file.getLayout());
  }

  private static Entry.SpecialFile specialFile(org.hotspare.wire.proto.Entry encoded)
      throws ProtocolException {
    var special = encoded.getSpecialFile();
    FileKind kind = FileKind.ofCode(special.getKind());
    boolean device = kind == FileKind.CHARACTER_DEVICE || kind == FileKind.BLOCK_DEVICE;
    if (!device && (special.getMajor() != 0 || special.getMinor() != 0)) {
      throw new ProtocolException("a device number on what is no device");
    }
    return new Entry.SpecialFile(metadata(encoded), kind, special.getMajor(), special.getMinor());
  }

  static ByteString encode(Bytes bytes) {
    // Neither side ever changes the array: it is shared instead of copied.
    return UnsafeByteOperations.unsafeWrap(bytes.array());
  }

  static ByteString encode(@Nullable Digest digest) {
    return digest == null ? ByteString.EMPTY : encode(digest.bytes());
  }

  static Bytes decode(ByteString bytes) {
    return Bytes.wrap(bytes.toByteArray());
  }

  static @Nullable Digest digest(ByteString bytes) {
    return bytes.isEmpty() ? null : new Digest(decode(bytes));
  }
}
