package org.hotspare.linux;

/** Whether somebody has a file open for writing, or mapped shared and writable. */
public enum WriterCheck {
  /** Nobody has. */
  NONE,
  /** Somebody has. */
  WRITERS,
  /** The filesystem has no leases, or this process may not take one on the file. */
  UNKNOWN
}
