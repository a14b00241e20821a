package org.hotspare.tree;

import java.util.Comparator;
import java.util.List;

/**
 * What every kind of inode has besides its content.
 *
 * @param permissions the twelve low bits of the mode (0 to 07777)
 * @param owner numeric user id
 * @param group numeric group id
 * @param modified the mtime
 * @param attributes all extended attributes that are mirrored, ACLs among them, sorted by name
 */
public record Metadata(
    int permissions, int owner, int group, Timestamp modified, List<Attribute> attributes) {
  public Metadata {
    if ((permissions & ~07777) != 0) {
      throw new IllegalArgumentException("not permissions: " + Integer.toOctalString(permissions));
    }
    attributes =
        attributes.size() <= 1
            ? List.copyOf(attributes)
            : attributes.stream().sorted(Comparator.comparing(Attribute::name)).toList();
  }
}
