package org.hotspare.linux;

import java.io.IOException;

/** A system call that failed: which, on what, and the kernel's reason. */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;
  private final int number;
  private final String call;
  private final String path;

  /**
   * @param number the kernel's positive error number
   * @param call the name of the system call, or of the part of the kernel that was asked by message
   * @param path what it was called on, fit for a terminal; may be empty
   */
  LinuxException(int number, String call, String path) {
    super(message(number, call, path));
    this.errno = Errno.of(number);
    this.number = number;
    this.call = call;
    this.path = path;
  }

  LinuxException(Errno errno, String call, String path) {
    this(errno.number(), call, path);
  }

  private static String message(int number, String call, String path) {
    Errno errno = Errno.of(number);
    String name = errno == Errno.UNKNOWN ? "errno " + number : errno.name();
    String on = path.isEmpty() ? "" : " \"" + path + "\"";
    return call + on + ": " + errno.text() + " (" + name + ")";
  }

  public Errno errno() {
    return errno;
  }

  /** The kernel's number, also where {@link #errno()} is unknown. */
  public int number() {
    return number;
  }

  /**
   * The system call, such as {@code renameat2}, or what was asked by message: {@code nf_tables}.
   */
  public String call() {
    return call;
  }

  /** What the call was about, fit for a terminal: unprintable bytes are escaped. */
  public String path() {
    return path;
  }

  public boolean is(Errno... any) {
    for (Errno one : any) {
      if (one == errno) {
        return true;
      }
    }
    return false;
  }
}
