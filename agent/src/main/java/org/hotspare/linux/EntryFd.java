package org.hotspare.linux;

import org.hotspare.tree.Timestamp;

/**
 * What a name stood for when it was opened: an entry of any kind, of a symbolic link the link
 * itself. To open it has no effect on it. What is called here acts on that inode, also when
 * somebody has put another in its place.
 */
public final class EntryFd extends Descriptor {
  EntryFd(int number) {
    super(number);
  }

  /**
   * @throws LinuxException EOPNOTSUPP for a symbolic link
   */
  @Override
  public void setPermissions(int permissions) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long path = scratch.descriptorPath(number());
      long result = Kernel.call(scratch, Syscall.FCHMODAT, Kernel.AT_FDCWD, path, permissions);
      check(result, Syscall.FCHMODAT, null);
    }
  }

  @Override
  public void setOwner(int owner, int group) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long empty = scratch.empty();
      long result =
          Kernel.call(scratch, Syscall.FCHOWNAT, number(), empty, owner, group, AT_EMPTY_PATH);
      check(result, Syscall.FCHOWNAT, null);
    }
  }

  @Override
  public void setModified(Timestamp modified) throws LinuxException {
    try (Scratch scratch = Scratch.take()) {
      long times = putTimes(scratch, modified);
      long path = scratch.descriptorPath(number());
      long result = Kernel.call(scratch, Syscall.UTIMENSAT, Kernel.AT_FDCWD, path, times, 0);
      check(result, Syscall.UTIMENSAT, null);
    }
  }

  @Override
  Attributes attributesOf() {
    return Attributes.ofEntry(number());
  }
}
