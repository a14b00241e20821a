package org.hotspare.admin;

import java.nio.file.Path;

/** Where the local socket of an agent is. */
final class AdminSocket {
  private AdminSocket() {}

  static Path in(Path state) {
    return state.resolve("agent.sock");
  }
}
