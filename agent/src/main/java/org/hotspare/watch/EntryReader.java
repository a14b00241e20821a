package org.hotspare.watch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hotspare.index.Local;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/** Reads what the filesystem says of one name into an {@link Entry}. */
public final class EntryReader {
  private EntryReader() {}

  /**
   * The entry at {@code name}, of which {@code stat} was just taken. A regular file comes without
   * digest: its content is read when it is sent.
   */
  public static Entry read(DirFd directory, Name name, Stat stat) throws IOException {
    return entry(stat, mirrored(directory.attributes(name)), link(directory, name, stat));
  }

  /** The directory itself. */
  public static Entry.Directory readSelf(DirFd directory, Stat stat) throws IOException {
    return new Entry.Directory(metadata(stat, mirrored(directory.attributes())));
  }

  private static Bytes link(DirFd directory, Name name, Stat stat) throws IOException {
    return stat.kind() == FileKind.SYMBOLIC_LINK ? directory.readLink(name) : Bytes.EMPTY;
  }

  private static Entry entry(Stat stat, List<Attribute> attributes, Bytes target) {
    Metadata metadata = metadata(stat, attributes);
    return switch (stat.kind()) {
      case REGULAR_FILE -> new Entry.RegularFile(metadata, stat.size(), null, 0);
      case DIRECTORY -> new Entry.Directory(metadata);
      case SYMBOLIC_LINK -> new Entry.SymbolicLink(metadata, target);
      case FIFO, SOCKET -> new Entry.SpecialFile(metadata, stat.kind(), 0, 0);
      case CHARACTER_DEVICE, BLOCK_DEVICE ->
          new Entry.SpecialFile(metadata, stat.kind(), stat.rdevMajor(), stat.rdevMinor());
    };
  }

  /** The metadata in {@code stat} with the attributes given. */
  public static Metadata metadata(Stat stat, List<Attribute> attributes) {
    return new Metadata(
        stat.permissions(), stat.owner(), stat.group(), stat.modified(), attributes);
  }

  /**
   * The attributes that mean the same on another machine: those of users, of the administrator, of
   * security modules, and POSIX ACLs. The rest of {@code system.*} is how a filesystem speaks of
   * itself.
   */
  public static List<Attribute> mirrored(List<Attribute> all) {
    return all.isEmpty() ? all : all.stream().filter(a -> isMirrored(a.name())).toList();
  }

  public static boolean isMirrored(Bytes attribute) {
    String name = new String(attribute.array(), StandardCharsets.ISO_8859_1);
    return name.startsWith("user.")
        || (name.startsWith("trusted.") && !name.startsWith("trusted.overlay."))
        || name.startsWith("security.")
        || name.equals("system.posix_acl_access")
        || name.equals("system.posix_acl_default");
  }

  /** Where the inode lies. A file is settled only once its content was read at rest. */
  public static Local local(Stat stat, boolean settled) {
    Timestamp born = stat.born();
    return new Local(
        stat.device(),
        stat.inode(),
        born == null ? Timestamp.EPOCH : born,
        stat.changed(),
        settled,
        null);
  }

  /**
   * Whether the inode of {@code stat} is the one that was seen as {@code local}, changed or not.
   */
  public static boolean isSame(@Nullable Local local, Stat stat) {
    Timestamp born = stat.born();
    return local != null
        && local.inode() == stat.inode()
        && local.born().equals(born == null ? Timestamp.EPOCH : born);
  }
}
