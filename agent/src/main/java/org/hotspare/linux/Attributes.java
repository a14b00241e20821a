package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * The extended attributes of one inode: of an open descriptor, or of a name in an open directory,
 * which is reached through {@code /proc/self/fd} so that no link is followed.
 *
 * @param name null for the descriptor itself
 * @param pathOnly whether the descriptor was opened O_PATH: then the calls for descriptors refuse
 *     it, and it is reached as what {@code /proc/self/fd} leads to
 */
record Attributes(int descriptor, @Nullable Name name, boolean pathOnly) {
  /** The kernel's limits of the list of names, and of a value. */
  private static final int MAX_BYTES = 65536;

  /** Set where the kernel is older than listxattrat, which is of Linux 6.13. */
  private static volatile boolean lacksListxattrat;

  private static final Bytes ACL = Bytes.of("system.posix_acl_access");
  private static final Bytes DEFAULT_ACL = Bytes.of("system.posix_acl_default");
  private static final Bytes XFS_ACL = Bytes.of("trusted.SGI_ACL_FILE");
  private static final Bytes XFS_DEFAULT_ACL = Bytes.of("trusted.SGI_ACL_DEFAULT");

  static Attributes ofDescriptor(int descriptor) {
    return new Attributes(descriptor, null, false);
  }

  static Attributes ofEntry(int descriptor) {
    return new Attributes(descriptor, null, true);
  }

  static Attributes ofName(int directory, Name name) {
    return new Attributes(directory, name, false);
  }

  List<Attribute> list(Scratch scratch, Descriptor owner) throws LinuxException {
    MemorySegment names = scratch.large().asSlice(0, MAX_BYTES);
    long length = listInto(scratch, names.address());
    if (length == 0 || length == -Errno.EOPNOTSUPP.number()) {
      return List.of();
    }
    owner.check(length, Syscall.LLISTXATTR, name);
    List<Bytes> keys = keys(scratch.copyOf(names, length));
    List<Attribute> found = new ArrayList<>(keys.size());
    for (Bytes key : keys) {
      Bytes value = isXfsAlias(key, keys) ? null : get(scratch, owner, key.array());
      if (value != null) {
        found.add(new Attribute(key, value));
      }
    }
    return found;
  }

  private long listInto(Scratch scratch, long names) {
    if (name != null) {
      return namesOf(scratch, name, names);
    }
    return pathOnly
        ? Kernel.call(
            scratch, Syscall.LISTXATTR, scratch.descriptorPath(descriptor), names, MAX_BYTES)
        : Kernel.call(scratch, Syscall.FLISTXATTR, descriptor, names, MAX_BYTES);
  }

  /** The call for what these are the attributes of. */
  private Syscall choose(Syscall ofDescriptor, Syscall ofPath, Syscall ofName) {
    if (name != null) {
      return ofName;
    }
    return pathOnly ? ofPath : ofDescriptor;
  }

  /** The first argument of that call. */
  private long subject(Scratch scratch) {
    if (name != null) {
      return scratch.descriptorPath(descriptor, name);
    }
    return pathOnly ? scratch.descriptorPath(descriptor) : descriptor;
  }

  /** Most files have none, so that this call is the one that matters: the newer takes half. */
  private long namesOf(Scratch scratch, Name entry, long names) {
    if (!lacksListxattrat) {
      long length =
          Kernel.call(
              scratch,
              Syscall.LISTXATTRAT,
              descriptor,
              scratch.name(entry),
              Descriptor.AT_SYMLINK_NOFOLLOW,
              names,
              MAX_BYTES);
      if (length != -Errno.ENOSYS.number()) {
        return length;
      }
      lacksListxattrat = true;
    }
    return namesThroughProc(scratch, entry, names);
  }

  long namesThroughProc(Scratch scratch, Name entry, long names) {
    long path = scratch.descriptorPath(descriptor, entry);
    return Kernel.call(scratch, Syscall.LLISTXATTR, path, names, MAX_BYTES);
  }

  /** The names, each ended by NUL. */
  private static List<Bytes> keys(byte[] list) {
    List<Bytes> keys = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < list.length; i++) {
      if (list[i] == 0) {
        keys.add(Bytes.wrap(Arrays.copyOfRange(list, start, i)));
        start = i + 1;
      }
    }
    return keys;
  }

  /**
   * XFS lists an ACL a second time, in its own format: to copy that to another filesystem would
   * make an attribute of no meaning.
   */
  private static boolean isXfsAlias(Bytes key, List<Bytes> keys) {
    return (key.equals(XFS_ACL) && keys.contains(ACL))
        || (key.equals(XFS_DEFAULT_ACL) && keys.contains(DEFAULT_ACL));
  }

  /** Null for one that is gone again, or that is listed but has no value to read. */
  private @Nullable Bytes get(Scratch scratch, Descriptor owner, byte[] key) throws LinuxException {
    MemorySegment value = scratch.large().asSlice(MAX_BYTES, MAX_BYTES);
    long keyAddress = scratch.otherPath(key, Syscall.LGETXATTR);
    Syscall call = choose(Syscall.FGETXATTR, Syscall.GETXATTR, Syscall.LGETXATTR);
    long length =
        Kernel.call(scratch, call, subject(scratch), keyAddress, value.address(), MAX_BYTES);
    if (length == -Errno.ENODATA.number() || length == -Errno.EOPNOTSUPP.number()) {
      return null;
    }
    owner.check(length, Syscall.LGETXATTR, name);
    return Bytes.wrap(scratch.copyOf(value, length));
  }

  void set(Scratch scratch, Descriptor owner, Attribute attribute) throws LinuxException {
    byte[] bytes = attribute.value().array();
    if (bytes.length > MAX_BYTES) {
      throw owner.failure(Errno.E2BIG.number(), Syscall.LSETXATTR, name);
    }
    MemorySegment value = scratch.large();
    MemorySegment.copy(bytes, 0, value, ValueLayout.JAVA_BYTE, 0, bytes.length);
    long key = scratch.otherPath(attribute.name().array(), Syscall.LSETXATTR);
    Syscall call = choose(Syscall.FSETXATTR, Syscall.SETXATTR, Syscall.LSETXATTR);
    long result =
        Kernel.call(scratch, call, subject(scratch), key, value.address(), bytes.length, 0);
    owner.check(result, Syscall.LSETXATTR, name);
  }

  boolean remove(Scratch scratch, Descriptor owner, Bytes attribute) throws LinuxException {
    long key = scratch.otherPath(attribute.array(), Syscall.LREMOVEXATTR);
    Syscall call = choose(Syscall.FREMOVEXATTR, Syscall.REMOVEXATTR, Syscall.LREMOVEXATTR);
    long result = Kernel.call(scratch, call, subject(scratch), key);
    if (result == -Errno.ENODATA.number()) {
      return false;
    }
    owner.check(result, Syscall.LREMOVEXATTR, name);
    return true;
  }
}
