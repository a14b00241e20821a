package org.hotspare.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Ports of loopback on which nobody listens, for programs that a test starts later, or kills and
 * starts again. They lie below those that the kernel gives to connections, or a connection that is
 * made while such a program is down could take its port; tests that run beside each other draw from
 * shares of their own.
 */
public final class FreePorts {
  private static final int FIRST = 10_000;
  private static final int SHARE = 5_000;

  /** The number of this Java among those that run tests at the same time: 1, 2 … */
  private static final int FORK = Integer.getInteger("test.fork", 1);

  private static final int SHARES = 4;

  private static int drawn = (int) (System.nanoTime() / 1000 % SHARE);

  private FreePorts() {}

  public static synchronized List<Integer> take(int count) {
    List<Integer> ports = new ArrayList<>();
    for (int tries = 0; ports.size() < count; tries++) {
      if (tries == SHARE) {
        throw new IllegalStateException("no free port among " + SHARE);
      }
      drawn = (drawn + 1) % SHARE;
      int port = FIRST + (FORK - 1) % SHARES * SHARE + drawn;
      if (isFree(port)) {
        ports.add(port);
      }
    }
    return ports;
  }

  private static boolean isFree(int port) {
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
