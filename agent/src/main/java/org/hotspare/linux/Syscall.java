package org.hotspare.linux;

import java.util.Locale;

/** The numbers of the system calls that are used, on the two architectures that are supported. */
enum Syscall {
  READ(0, 63),
  WRITE(1, 64),
  CLOSE(3, 57),
  LSEEK(8, 62),
  IOCTL(16, 29),
  PREAD64(17, 67),
  PWRITE64(18, 68),
  SOCKET(41, 198),
  SENDTO(44, 206),
  RECVFROM(45, 207),
  BIND(49, 200),
  SETSOCKOPT(54, 208),
  KILL(62, 129),
  FCNTL(72, 25),
  FSYNC(74, 82),
  FDATASYNC(75, 83),
  FTRUNCATE(77, 46),
  FCHMOD(91, 52),
  FCHOWN(93, 55),
  GETSID(124, 156),
  FSTATFS(138, 44),
  SETXATTR(188, 5),
  LSETXATTR(189, 6),
  FSETXATTR(190, 7),
  GETXATTR(191, 8),
  LGETXATTR(192, 9),
  FGETXATTR(193, 10),
  LISTXATTR(194, 11),
  LLISTXATTR(195, 12),
  FLISTXATTR(196, 13),
  REMOVEXATTR(197, 14),
  LREMOVEXATTR(198, 15),
  FREMOVEXATTR(199, 16),
  GETDENTS64(217, 61),
  FADVISE64(221, 223),
  WAITID(247, 95),
  INOTIFY_ADD_WATCH(254, 27),
  INOTIFY_RM_WATCH(255, 28),
  OPENAT(257, 56),
  MKDIRAT(258, 34),
  MKNODAT(259, 33),
  FCHOWNAT(260, 54),
  UNLINKAT(263, 35),
  LINKAT(265, 37),
  SYMLINKAT(266, 36),
  READLINKAT(267, 78),
  FCHMODAT(268, 53),
  PPOLL(271, 73),
  SYNC_FILE_RANGE(277, 84),
  UTIMENSAT(280, 88),
  FALLOCATE(285, 47),
  EVENTFD2(290, 19),
  PIPE2(293, 59),
  INOTIFY_INIT1(294, 26),
  FANOTIFY_INIT(300, 262),
  FANOTIFY_MARK(301, 263),
  PRLIMIT64(302, 261),
  NAME_TO_HANDLE_AT(303, 264),
  OPEN_BY_HANDLE_AT(304, 265),
  SYNCFS(306, 267),
  RENAMEAT2(316, 276),
  COPY_FILE_RANGE(326, 285),
  STATX(332, 291),
  PIDFD_SEND_SIGNAL(424, 424),
  PIDFD_OPEN(434, 434),
  OPENAT2(437, 437),
  FCHMODAT2(452, 452),
  LISTXATTRAT(465, 465);

  static final boolean AARCH64 = isAarch64();

  final int onX86;
  final int onAarch64;
  final long number;

  Syscall(int onX86, int onAarch64) {
    this.onX86 = onX86;
    this.onAarch64 = onAarch64;
    this.number = isAarch64() ? onAarch64 : onX86;
  }

  private static boolean isAarch64() {
    return switch (System.getProperty("os.arch")) {
      case "amd64", "x86_64" -> false;
      case "aarch64" -> true;
      case String other ->
          throw new UnsupportedOperationException("not x86_64 or aarch64: " + other);
    };
  }

  /** As the manual spells it. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
