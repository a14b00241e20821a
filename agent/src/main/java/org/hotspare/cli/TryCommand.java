package org.hotspare.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "try",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a primary and a standby on this machine, without any configuration, and shows what"
          + " happens as it happens. All of it lies in ./hotspare-try. Ctrl-C ends it."
    })
final class TryCommand implements Callable<Integer> {
  static final Path WHERE = Path.of("hotspare-try");

  private final AgentRunner runner;
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DIR",
      description = "The directory that is copied as the primary's tree; otherwise a sample.")
  private @Nullable Path directory;

  @Option(names = "--in-place", description = "DIR itself is the primary's tree, not a copy.")
  private boolean inPlace;

  @Option(
      names = "--drill",
      description =
          "Kills the primary, shows how the standby takes its place and the primary comes back,"
              + " compares both, and ends.")
  private boolean drill;

  @Option(names = "--clean", description = "Removes ./hotspare-try.")
  private boolean clean;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  TryCommand(AgentRunner runner) {
    this.runner = runner;
  }

  @Override
  public Integer call() throws CommandFailure, InterruptedException {
    Path where = WHERE.toAbsolutePath();
    if (clean && (directory != null || inPlace || drill)) {
      throw new CommandFailure(
          Outcome.WRONG, "--clean only removes ./hotspare-try, and takes nothing else.");
    }
    if (clean) {
      Answer answer = runner.removeTrial(where);
      answer.lines().forEach(spec.commandLine().getOut()::println);
      return answer.outcome().exitStatus();
    }
    if (inPlace && directory == null) {
      throw new CommandFailure(
          Outcome.WRONG, "--in-place needs the directory: hotspare try --in-place DIR");
    }
    PrintWriter out = spec.commandLine().getOut();
    Outcome outcome =
        drill
            ? runner.drill(directory, inPlace, where, out)
            : runner.tryOut(directory, inPlace, where, out);
    return outcome.exitStatus();
  }
}
