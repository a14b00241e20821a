package org.hotspare.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Supplier;
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
import picocli.CommandLine.UnmatchedArgumentException;

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
    System.exit(execute(args));
  }

  /** One of the commands that only ask. */
  static int execute(String[] args) {
    return run(args, commands());
  }

  /**
   * Runs one command.
   *
   * @param runner what only the whole program can do
   * @return the exit status, see {@link Outcome}
   */
  public static int execute(String[] args, AgentRunner runner) {
    return run(args, commands(runner));
  }

  private static int run(String[] args, SequencedMap<String, Supplier<Object>> commands) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int exitStatus = commandLine(args, commands, out, err).execute(args);
    out.flush();
    err.flush();
    return exitStatus;
  }

  static SequencedMap<String, Supplier<Object>> commands(AgentRunner runner) {
    SequencedMap<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("try", () -> new TryCommand(runner));
    commands.put("doctor", () -> new DoctorCommand(runner));
    commands.put("init", () -> new InitCommand(runner));
    commands.put("join", () -> new JoinCommand(runner));
    commands.put("run", () -> new RunCommand(runner));
    commands.putAll(commands());
    return commands;
  }

  private static SequencedMap<String, Supplier<Object>> commands() {
    SequencedMap<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("status", StatusCommand::new);
    commands.put("wait", WaitCommand::new);
    commands.put("verify", VerifyCommand::new);
    commands.put("approve", ApproveCommand::new);
    commands.put("reject", RejectCommand::new);
    commands.put("switchover", SwitchoverCommand::new);
    commands.put("failover", FailoverCommand::new);
    commands.put("pause", PauseCommand::new);
    commands.put("resume", ResumeCommand::new);
    commands.put("events", EventsCommand::new);
    commands.put("check", CheckCommand::new);
    commands.put("invite", InviteCommand::new);
    return commands;
  }

  static CommandLine commandLine(
      String[] args,
      SequencedMap<String, Supplier<Object>> commands,
      PrintWriter out,
      PrintWriter err) {
    CommandLine line = new CommandLine(new Main());
    // Reading the annotations of all commands takes longer than running one of them.
    boolean oneSuffices = args.length > 0 && commands.containsKey(args[0]);
    commands.forEach(
        (name, command) -> {
          if (!oneSuffices || name.equals(args[0])) {
            line.addSubcommand(command.get());
          }
        });
    line.setOut(out);
    line.setErr(err);
    line.registerConverter(Duration.class, Main::duration);
    line.setParameterExceptionHandler((wrong, _) -> explainUsage(wrong));
    line.setExecutionExceptionHandler((failure, command, _) -> explain(failure, command));
    return line;
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
    UnmatchedArgumentException.printSuggestions(wrong, command.getErr());
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
