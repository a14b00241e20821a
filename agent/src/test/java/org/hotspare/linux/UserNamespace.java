package org.hotspare.linux;

import java.util.ArrayList;
import java.util.List;
import org.hotspare.testing.JavaProgram;

/**
 * Runs a main class in a user namespace of its own, where this user has no privilege over what is
 * outside, and limits may be lowered without harm to others.
 */
final class UserNamespace {
  private UserNamespace() {}

  /**
   * @param setup a shell command to run there first
   * @return the lines that the class printed
   */
  static List<String> run(String setup, Class<?> main, String... arguments) {
    return run(List.of("unshare", "--user", "--map-root-user"), setup, main, arguments);
  }

  /**
   * In a network namespace of its own besides.
   *
   * @return the lines that the class printed
   */
  static List<String> runWithNetwork(Class<?> main, String... arguments) {
    return run(List.of("unshare", "--user", "--map-root-user", "--net"), ":", main, arguments);
  }

  private static List<String> run(
      List<String> unshare, String setup, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(unshare);
    command.addAll(List.of("sh", "-c", setup + " && exec \"$@\""));
    command.add("sh");
    command.addAll(JavaProgram.command(main, arguments));
    return LoopFileSystem.run(command.toArray(String[]::new)).lines().toList();
  }
}
