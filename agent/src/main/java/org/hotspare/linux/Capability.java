package org.hotspare.linux;

/** What a process may do beyond an ordinary user, as far as a mirror needs it. */
public enum Capability {
  /** Give files to any owner. */
  CHOWN(0),
  /** Read and write any file. */
  DAC_OVERRIDE(1),
  /** Read any file, and ask for handles. */
  DAC_READ_SEARCH(2),
  /** Change files of any owner. */
  FOWNER(3),
  /** Keep set-id bits. */
  FSETID(4),
  /** Set up addresses and packet filters. */
  NET_ADMIN(12),
  /** Send raw packets. */
  NET_RAW(13),
  /** See what other users' processes have open. */
  SYS_PTRACE(19),
  /** Watch filesystems, mount, and keep trusted attributes. */
  SYS_ADMIN(21),
  /** Raise resource limits. */
  SYS_RESOURCE(24),
  /** Make device files. */
  MKNOD(27),
  /** Take leases on files of any owner. */
  LEASE(28),
  /** Set file capabilities. */
  SETFCAP(31);

  private final int number;

  Capability(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
