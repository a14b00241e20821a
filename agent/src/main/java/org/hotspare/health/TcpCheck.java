package org.hotspare.health;

import java.io.IOException;
import java.net.Socket;
import org.hotspare.health.Outcome.Passed;

/**
 * A TCP connection is accepted; it is closed at once.
 *
 * @param host a name or an address, IPv6 without brackets
 */
public record TcpCheck(String host, int port) implements Probe {
  @Override
  public void prepare() {
    Connecting.rehearse();
  }

  @Override
  public Outcome look(Attempt attempt) throws IOException {
    try (Socket socket = Connecting.to(host, port, attempt)) {
      return new Passed("connected to " + socket.getInetAddress().getHostAddress());
    }
  }
}
