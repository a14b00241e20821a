package org.hotspare.cli;

import org.hotspare.admin.Outcome;
import org.hotspare.admin.Version;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line: finds the command, and turns how it ended into the exit status. */
@Command(
    name = "hotspare",
    description = "Keeps an exact copy of directories on another server, in real time.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Versions.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:yes, or done",
      "1:no: timed out, different, or not in sync",
      "2:wrong usage or configuration",
      "3:no agent answers",
      "4:refused by policy"
    },
    subcommands = {CheckCommand.class})
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(execute(args));
  }

  /**
   * Runs one command.
   *
   * @return the exit status, see {@link Outcome}
   */
  public static int execute(String[] args) {
    return commandLine().execute(args);
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((failure, command, parsed) -> explain(failure, command));
    return line;
  }

  private static int explain(Exception failure, CommandLine command) throws Exception {
    if (failure instanceof ConfigurationException configuration) {
      command.getErr().println(configuration.getMessage());
      return Outcome.WRONG.exitStatus();
    }
    throw failure;
  }

  /** What {@code --version} prints. */
  static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"hotspare " + Version.current()};
    }
  }
}
