package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Path;
import org.hotspare.wire.Admission;
import org.hotspare.wire.JoinToken;

/** Has a node join from where this program runs: with a token, into a directory. */
final class Joining {
  private Joining() {}

  public static void main(String[] arguments) throws IOException {
    Admission.join(JoinToken.parse(arguments[0]), Path.of(arguments[1]), "test");
  }
}
