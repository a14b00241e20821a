package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hotspare.index.Local;
import org.hotspare.linux.Descriptor;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.EntryFd;
import org.hotspare.linux.Errno;
import org.hotspare.linux.FileFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.watch.EntryReader;
import org.jspecify.annotations.Nullable;

/**
 * Gives a file its metadata. The order matters: a change of owner clears the setuid bits and file
 * capabilities, an ACL changes the permissions, and everything else changes the times.
 *
 * <p>An attribute that the filesystem refuses is answered as a problem, and does not keep the rest
 * away.
 */
final class FileMetadata {
  /** With so much room left it is not the disk that is full. */
  private static final long ROOM_BYTES = 4 << 20;

  private FileMetadata() {}

  /** Metadata of a file of our own, open for writing. Answers what was refused. */
  static List<String> set(FileFd file, Metadata metadata) throws IOException {
    List<String> refused = new ArrayList<>();
    Stat stat = file.stat();
    if (stat.owner() != metadata.owner() || stat.group() != metadata.group()) {
      attempt(refused, () -> file.setOwner(metadata.owner(), metadata.group()));
    }
    for (Attribute attribute : metadata.attributes()) {
      setAttribute(file, attribute, refused);
    }
    attempt(refused, () -> file.setPermissions(metadata.permissions()));
    attempt(refused, () -> file.setModified(metadata.modified()));
    return refused;
  }

  /**
   * Makes the metadata of what has the name equal, whatever it was before. Only for names that
   * nobody else can change; elsewhere {@link #setIfSame}. Answers what was refused.
   */
  static List<String> set(DirFd directory, Name name, Entry entry) throws IOException {
    try (EntryFd open = directory.openEntry(name)) {
      return set(open, entry.kind(), entry.metadata());
    }
  }

  /**
   * The same for a name in the tree, where somebody may put another file at any moment, perhaps a
   * hard link to one that is no part of the tree: only the inode that is expected is changed.
   *
   * @param expected the inode that this node put there
   * @return what was refused; nothing where the name means something else by now
   */
  static Optional<List<String>> setIfSame(
      DirFd directory, Name name, @Nullable Local expected, Entry entry) throws IOException {
    try (EntryFd open = directory.openEntry(name)) {
      return EntryReader.isSame(expected, open.stat())
          ? Optional.of(set(open, entry.kind(), entry.metadata()))
          : Optional.empty();
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Metadata of a directory through its own descriptor. */
  static List<String> setSelf(DirFd directory, Metadata metadata) throws IOException {
    return set(directory, FileKind.DIRECTORY, metadata);
  }

  private static List<String> set(Descriptor open, FileKind kind, Metadata metadata)
      throws IOException {
    List<String> refused = new ArrayList<>();
    Stat stat = open.stat();
    if (stat.owner() != metadata.owner() || stat.group() != metadata.group()) {
      attempt(refused, () -> open.setOwner(metadata.owner(), metadata.group()));
    }
    setAttributes(open, metadata, refused);
    if (kind != FileKind.SYMBOLIC_LINK) {
      attempt(refused, () -> open.setPermissions(metadata.permissions()));
    }
    attempt(refused, () -> open.setModified(metadata.modified()));
    return refused;
  }

  private static void setAttributes(Descriptor open, Metadata metadata, List<String> refused)
      throws IOException {
    Map<Bytes, Bytes> present = new HashMap<>();
    for (Attribute attribute : EntryReader.mirrored(open.attributes())) {
      present.put(attribute.name(), attribute.value());
    }
    for (Attribute attribute : metadata.attributes()) {
      Bytes value = present.remove(attribute.name());
      if (value == null || !attribute.value().equals(value)) {
        setAttribute(open, attribute, refused);
      }
    }
    for (Bytes leftover : present.keySet()) {
      attempt(refused, () -> open.removeAttribute(leftover));
    }
  }

  /** On ext4 all attributes of a file share one block: past it there is "no space", on any disk. */
  private static void setAttribute(Descriptor open, Attribute attribute, List<String> refused)
      throws IOException {
    try {
      attempt(refused, () -> open.setAttribute(attribute));
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOSPC) || open.space().availableBytes() < ROOM_BYTES) {
        throw e;
      }
      refused.add("attribute " + attribute.name() + " is larger than this filesystem takes");
    }
  }

  private interface Call {
    void run() throws IOException;
  }

  private static void attempt(List<String> refused, Call call) throws IOException {
    try {
      call.run();
    } catch (LinuxException e) {
      if (e.is(
          Errno.EPERM, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.E2BIG, Errno.EACCES, Errno.ERANGE)) {
        refused.add(e.call() + ": " + e.errno().text());
      } else {
        throw e;
      }
    }
  }
}
