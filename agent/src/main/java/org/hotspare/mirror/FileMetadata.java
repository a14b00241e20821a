package org.hotspare.mirror;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.linux.DirFd;
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

/**
 * Gives a file its metadata. The order matters: a change of owner clears the setuid bits and file
 * capabilities, an ACL changes the permissions, and everything else changes the times.
 *
 * <p>An attribute that the filesystem refuses is answered as a problem, and does not keep the rest
 * away.
 */
final class FileMetadata {
  private FileMetadata() {}

  /** Metadata of a file of our own, open for writing. Answers what was refused. */
  static List<String> set(FileFd file, Metadata metadata) throws IOException {
    List<String> refused = new java.util.ArrayList<>();
    Stat stat = file.stat();
    if (stat.owner() != metadata.owner() || stat.group() != metadata.group()) {
      attempt(refused, () -> file.setOwner(metadata.owner(), metadata.group()));
    }
    for (Attribute attribute : metadata.attributes()) {
      attempt(refused, () -> file.setAttribute(attribute));
    }
    attempt(refused, () -> file.setPermissions(metadata.permissions()));
    file.setModified(metadata.modified());
    return refused;
  }

  /**
   * Makes the metadata of what has the name equal, whatever it was before. Answers what was
   * refused.
   */
  static List<String> set(DirFd directory, Name name, Entry entry) throws IOException {
    Metadata metadata = entry.metadata();
    List<String> refused = new java.util.ArrayList<>();
    Stat stat = directory.stat(name);
    if (stat.owner() != metadata.owner() || stat.group() != metadata.group()) {
      attempt(refused, () -> directory.setOwner(name, metadata.owner(), metadata.group()));
    }
    setAttributes(directory, name, metadata, refused);
    if (entry.kind() != FileKind.SYMBOLIC_LINK) {
      attempt(refused, () -> directory.setPermissions(name, metadata.permissions()));
    }
    directory.setModified(name, metadata.modified());
    return refused;
  }

  private static void setAttributes(
      DirFd directory, Name name, Metadata metadata, List<String> refused) throws IOException {
    Map<Bytes, Bytes> present = new HashMap<>();
    for (Attribute attribute : EntryReader.mirrored(directory.attributes(name))) {
      present.put(attribute.name(), attribute.value());
    }
    for (Attribute attribute : metadata.attributes()) {
      Bytes value = present.remove(attribute.name());
      if (value == null || !attribute.value().equals(value)) {
        attempt(refused, () -> directory.setAttribute(name, attribute));
      }
    }
    for (Bytes leftover : present.keySet()) {
      attempt(refused, () -> directory.removeAttribute(name, leftover));
    }
  }

  /** Metadata of a directory through its own descriptor, for the root, which has no name here. */
  static List<String> setSelf(DirFd directory, Metadata metadata) throws IOException {
    List<String> refused = new java.util.ArrayList<>();
    Stat stat = directory.stat();
    if (stat.owner() != metadata.owner() || stat.group() != metadata.group()) {
      attempt(refused, () -> directory.setOwner(metadata.owner(), metadata.group()));
    }
    Map<Bytes, Bytes> present = new HashMap<>();
    for (Attribute attribute : EntryReader.mirrored(directory.attributes())) {
      present.put(attribute.name(), attribute.value());
    }
    for (Attribute attribute : metadata.attributes()) {
      Bytes value = present.remove(attribute.name());
      if (value == null || !attribute.value().equals(value)) {
        attempt(refused, () -> directory.setAttribute(attribute));
      }
    }
    for (Bytes leftover : present.keySet()) {
      attempt(refused, () -> directory.removeAttribute(leftover));
    }
    attempt(refused, () -> directory.setPermissions(metadata.permissions()));
    directory.setModified(metadata.modified());
    return refused;
  }

  private interface Call {
    void run() throws IOException;
  }

  private static void attempt(List<String> refused, Call call) throws IOException {
    try {
      call.run();
    } catch (LinuxException e) {
      if (e.is(
          org.hotspare.linux.Errno.EPERM,
          org.hotspare.linux.Errno.EOPNOTSUPP,
          org.hotspare.linux.Errno.EINVAL,
          org.hotspare.linux.Errno.E2BIG,
          org.hotspare.linux.Errno.EACCES,
          org.hotspare.linux.Errno.ERANGE)) {
        refused.add(e.call() + ": " + e.errno().text());
      } else {
        throw e;
      }
    }
  }
}
