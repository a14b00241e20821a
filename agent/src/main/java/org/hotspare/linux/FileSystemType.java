package org.hotspare.linux;

/** The filesystems whose behaviour differs in what matters to a mirror. */
public enum FileSystemType {
  EXT4(0xef53),
  XFS(0x58465342),
  BTRFS(0x9123683e),
  TMPFS(0x01021994),
  OVERLAY(0x794c7630),
  NFS(0x6969),
  CIFS(0xff534d42),
  SMB2(0xfe534d42),
  FUSE(0x65735546),
  ZFS(0x2fc12fc1),
  F2FS(0xf2f52010),
  BCACHEFS(0xca451a4e),
  OTHER(0);

  private final int magic;

  FileSystemType(int magic) {
    this.magic = magic;
  }

  static FileSystemType of(long magic) {
    for (FileSystemType type : values()) {
      if (type != OTHER && type.magic == (int) magic) {
        return type;
      }
    }
    return OTHER;
  }
}
