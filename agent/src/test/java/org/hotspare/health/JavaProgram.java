package org.hotspare.health;

import java.nio.file.Path;
import java.util.List;

/** Runs a main class of these tests in a process of its own. */
final class JavaProgram {
  private JavaProgram() {}

  static List<String> command(Class<?> main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        main.getName());
  }
}
