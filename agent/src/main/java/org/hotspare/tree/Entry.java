package org.hotspare.tree;

import org.jspecify.annotations.Nullable;

/** An inode of a mirrored tree as it should be, on any node: no name, no place, no local number. */
public sealed interface Entry {
  Metadata metadata();

  FileKind kind();

  /** The same entry with other metadata. */
  Entry with(Metadata metadata);

  /**
   * A regular file.
   *
   * @param size in bytes
   * @param digest of the content; null where the file was seen but not yet read
   * @param layout identifies which ranges are holes; 0 where there are none (see {@code
   *     delta.Layout})
   */
  record RegularFile(Metadata metadata, long size, @Nullable Digest digest, long layout)
      implements Entry {
    public RegularFile {
      if (size < 0) {
        throw new IllegalArgumentException("negative size " + size);
      }
    }

    @Override
    public FileKind kind() {
      return FileKind.REGULAR_FILE;
    }

    @Override
    public RegularFile with(Metadata other) {
      return new RegularFile(other, size, digest, layout);
    }

    /** The same file once its content is known. */
    public RegularFile withContent(long newSize, @Nullable Digest newDigest, long newLayout) {
      return new RegularFile(metadata, newSize, newDigest, newLayout);
    }
  }

  record Directory(Metadata metadata) implements Entry {
    @Override
    public FileKind kind() {
      return FileKind.DIRECTORY;
    }

    @Override
    public Directory with(Metadata other) {
      return new Directory(other);
    }
  }

  /** A symbolic link; its target is 1 to 4095 bytes, without NUL, and never followed. */
  record SymbolicLink(Metadata metadata, Bytes target) implements Entry {
    public SymbolicLink {
      if (target.length() == 0 || target.length() > 4095) {
        throw new IllegalArgumentException("a link target of " + target.length() + " bytes");
      }
      for (byte value : target.array()) {
        if (value == 0) {
          throw new IllegalArgumentException("a link target with NUL");
        }
      }
    }

    @Override
    public FileKind kind() {
      return FileKind.SYMBOLIC_LINK;
    }

    @Override
    public SymbolicLink with(Metadata other) {
      return new SymbolicLink(other, target);
    }
  }

  /** A FIFO, a socket or a device; the device numbers are 0 for the first two. */
  record SpecialFile(Metadata metadata, FileKind kind, int major, int minor) implements Entry {
    public SpecialFile {
      switch (kind) {
        case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> {}
        case REGULAR_FILE, DIRECTORY, SYMBOLIC_LINK ->
            throw new IllegalArgumentException("not a special file: " + kind);
      }
    }

    @Override
    public SpecialFile with(Metadata other) {
      return new SpecialFile(other, kind, major, minor);
    }
  }
}
