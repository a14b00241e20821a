package org.hotspare.wire;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.Metadata;

/** How large a frame and what it holds may be. Both sides hold to these, and check. */
public final class Bounds {
  /** The two lengths in front of a frame. */
  public static final int PREFIX_BYTES = 8;

  public static final int HEADER_BYTES = 1 << 20;
  public static final int PAYLOAD_BYTES = 2 << 20;

  /** Of a frame from someone who has not shown a certificate; such frames have no payload. */
  public static final int STRANGER_HEADER_BYTES = 32 << 10;

  public static final int ROWS = 4096;

  /** Steps in one frame, of all its files together. */
  public static final int STEPS = 1 << 16;

  public static final int WANTED_IDS = 1 << 16;
  public static final int CONFIGURED_KEYS = 4096;
  public static final int LINEAGE_ENDS = 1 << 15;
  public static final int PROBLEMS = 256;
  public static final int PATH_BYTES = 64 << 10;
  public static final int ATTRIBUTE_NAME_BYTES = 255;
  public static final int ATTRIBUTE_VALUE_BYTES = 64 << 10;

  /** Names and values of all attributes of an inode. */
  public static final int ATTRIBUTES_BYTES = 512 << 10;

  /** Characters of a reason or another text for people. */
  public static final int TEXT_CHARACTERS = 2048;

  /** What a call carries, or its answer. */
  public static final int CALL_BYTES = 512 << 10;

  public static final int HISTORY_BYTES = 64;
  public static final int SECRET_BYTES = 64;
  public static final int CERTIFICATE_BYTES = 8 << 10;
  public static final int CONFIGURATION_BYTES = 256 << 10;

  // A device number has 12 bits for the major and 20 for the minor part.
  static final int MAX_MAJOR = 0xfff;
  static final int MAX_MINOR = 0xfffff;

  private Bounds() {}

  /** Why a frame cannot carry the entry, in words for people; empty where it can. */
  public static Optional<String> refusal(Entry entry) {
    Metadata metadata = entry.metadata();
    // The kernel takes -1 for "leave the owner as it is".
    if (metadata.owner() == -1 || metadata.group() == -1) {
      return Optional.of("an owner or group of 4294967295 means nobody");
    }
    if (entry instanceof Entry.SpecialFile special) {
      if (special.major() < 0
          || special.major() > MAX_MAJOR
          || special.minor() < 0
          || special.minor() > MAX_MINOR) {
        return Optional.of(
            "device number " + special.major() + ":" + special.minor() + " is out of range");
      }
    }
    return refusalOfAttributes(metadata);
  }

  /** At least as many bytes as the row takes of a frame's header. */
  public static int headerBytes(Row row) {
    return FrameCodec.headerBytes(row);
  }

  private static Optional<String> refusalOfAttributes(Metadata metadata) {
    Set<Bytes> names = new HashSet<>();
    long total = 0;
    for (Attribute attribute : metadata.attributes()) {
      int nameLength = attribute.name().length();
      if (nameLength == 0 || nameLength > ATTRIBUTE_NAME_BYTES || hasNul(attribute.name())) {
        return Optional.of("not the name of an extended attribute: \"" + attribute.name() + "\"");
      }
      if (attribute.value().length() > ATTRIBUTE_VALUE_BYTES) {
        return Optional.of(
            "extended attribute %s of %d bytes, more than %d"
                .formatted(attribute.name(), attribute.value().length(), ATTRIBUTE_VALUE_BYTES));
      }
      if (!names.add(attribute.name())) {
        return Optional.of("extended attribute " + attribute.name() + " twice");
      }
      total += nameLength + attribute.value().length();
    }
    return total > ATTRIBUTES_BYTES
        ? Optional.of(
            "extended attributes of %d bytes in all, more than %d"
                .formatted(total, ATTRIBUTES_BYTES))
        : Optional.empty();
  }

  private static boolean hasNul(Bytes bytes) {
    for (byte value : bytes.array()) {
      if (value == 0) {
        return true;
      }
    }
    return false;
  }
}
