package org.hotspare.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Runs a main class of these tests in a process of its own. */
public final class JavaProgram {
  private JavaProgram() {}

  public static List<String> command(Class<?> main, String... arguments) {
    return command(List.of(), main, arguments);
  }

  /**
   * @param options of the virtual machine, besides those that all have
   */
  public static List<String> command(List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    Collections.addAll(
        command,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-XX:TieredStopAtLevel=1");
    command.addAll(options);
    Collections.addAll(command, "-cp", System.getProperty("java.class.path"), main.getName());
    Collections.addAll(command, arguments);
    return command;
  }
}
