package org.hotspare.health;

import java.io.IOException;
import java.net.SocketException;
import java.util.EnumSet;
import java.util.Set;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;

/**
 * Tells errors that are this machine's or this process's own, and say nothing about what is looked
 * at, from all others: what it may not do or cannot, and what it has no more of.
 */
final class OwnError {
  private static final Set<Errno> OWN =
      EnumSet.of(
          Errno.EPERM,
          Errno.EACCES,
          Errno.EAGAIN,
          Errno.ENOMEM,
          Errno.ENFILE,
          Errno.EMFILE,
          Errno.EPROTONOSUPPORT,
          Errno.EOPNOTSUPP,
          Errno.EAFNOSUPPORT,
          Errno.EADDRNOTAVAIL,
          Errno.ENOBUFS);

  private OwnError() {}

  static boolean is(IOException error) {
    return switch (error) {
      case LinuxException linux -> OWN.contains(linux.errno());
      case SocketException java -> isOwn(String.valueOf(java.getMessage()));
      default -> false;
    };
  }

  /** Of what Java says about an error of a socket, the kernel's text is all that tells which. */
  private static boolean isOwn(String message) {
    return OWN.stream().map(Errno::text).anyMatch(message::startsWith);
  }
}
