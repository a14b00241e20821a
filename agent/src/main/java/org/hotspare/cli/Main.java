package org.hotspare.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Version;
import org.hotspare.config.Amounts;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

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
    })
public final class Main {
  private Main() {}

  /** The commands that only ask, for a program without an agent in it. */
  public static void main(String[] args) {
    System.exit(run(args, _ -> {}));
  }

  /**
   * Runs one command.
   *
   * @param runner what only the whole program can do
   * @return the exit status, see {@link Outcome}
   */
  public static int execute(String[] args, AgentRunner runner) {
    return run(args, line -> addCommandsOf(runner, line));
  }

  private static int run(String[] args, Consumer<CommandLine> further) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    CommandLine line = commandLine(out, err);
    further.accept(line);
    int exitStatus = line.execute(args);
    out.flush();
    err.flush();
    return exitStatus;
  }

  static void addCommandsOf(AgentRunner runner, CommandLine line) {
    line.addSubcommand(new TryCommand(runner));
    line.addSubcommand(new DoctorCommand(runner));
    line.addSubcommand(new InitCommand(runner));
    line.addSubcommand(new JoinCommand(runner));
    line.addSubcommand(new RunCommand(runner));
    configure(line, line.getOut(), line.getErr());
  }

  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    CommandLine line = new CommandLine(new Main());
    line.addSubcommand(new StatusCommand());
    line.addSubcommand(new WaitCommand());
    line.addSubcommand(new VerifyCommand());
    line.addSubcommand(new ApproveCommand());
    line.addSubcommand(new RejectCommand());
    line.addSubcommand(new EventsCommand());
    line.addSubcommand(new CheckCommand());
    line.addSubcommand(new InviteCommand());
    configure(line, out, err);
    return line;
  }

  /** Commands inherit only what is set after they were added. */
  private static void configure(CommandLine line, PrintWriter out, PrintWriter err) {
    line.setOut(out);
    line.setErr(err);
    line.registerConverter(Duration.class, Main::duration);
    line.setParameterExceptionHandler((wrong, _) -> explainUsage(wrong));
    line.setExecutionExceptionHandler((failure, command, _) -> explain(failure, command));
  }

  private static Duration duration(String text) {
    try {
      return Amounts.duration(text);
    } catch (IllegalArgumentException unfit) {
      throw new TypeConversionException("expected " + Amounts.DURATION_EXPECTED);
    }
  }

  private static int explainUsage(ParameterException wrong) {
    CommandLine command = wrong.getCommandLine();
    command.getErr().println(wrong.getMessage());
    command.getErr().println("See: " + command.getCommandSpec().qualifiedName() + " --help");
    return Outcome.WRONG.exitStatus();
  }

  private static int explain(Exception failure, CommandLine command) throws Exception {
    return switch (failure) {
      case ConfigurationException wrong -> {
        command.getErr().println(wrong.getMessage());
        yield Outcome.WRONG.exitStatus();
      }
      case CommandFailure failed -> {
        command.getErr().println(failed.getMessage());
        yield failed.outcome().exitStatus();
      }
      case UncheckedIOException gone -> {
        command.getErr().println(gone.getMessage());
        yield Outcome.NO.exitStatus();
      }
      default -> throw failure;
    };
  }

  /** What {@code --version} prints. */
  static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"hotspare " + Version.current()};
    }
  }
}
