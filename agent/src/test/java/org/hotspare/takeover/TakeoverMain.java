package org.hotspare.takeover;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hotspare.testing.JavaProgram;

/** An agent's part in a test that kills it. */
final class TakeoverMain {
  private TakeoverMain() {}

  /**
   * @param arguments {@code service}, an owner, two directories, and a service's three commands; or
   *     {@code hook}, an owner and a command
   */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "service" -> {
        Service service =
            TestService.service(
                arguments[4],
                arguments[5],
                arguments[6],
                Service.Where.PRIMARY,
                TestService.TIMEOUT);
        Services services =
            new Services(
                List.of(service),
                arguments[1],
                Path.of(arguments[2]),
                Path.of(arguments[3]),
                Map.of());
        System.out.println(services.becomePrimary().steps());
      }
      case "hook" ->
          new Hooks(List.of(arguments[2]), List.of(), Duration.ofMinutes(5), arguments[1], Map.of())
              .before(new RoleChange("web", "alpha", 7, "standby", "primary"));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
    Thread.sleep(Duration.ofHours(1));
  }

  /** Starts it; what it prints is this process's. */
  static Process start(String... arguments) throws Exception {
    List<String> command =
        JavaProgram.command(List.of("-XX:+UseSerialGC"), TakeoverMain.class, arguments);
    return new ProcessBuilder(command).redirectErrorStream(true).inheritIO().start();
  }

  /** As kill -9 does. */
  static void kill(Process process) throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }
}
