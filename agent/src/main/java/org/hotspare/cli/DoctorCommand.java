package org.hotspare.cli;

import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Outcome;
import org.hotspare.cli.Finding.Level;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "doctor",
    description = "Tells what this machine can and cannot do, and what to do about it.")
final class DoctorCommand extends AgentCommand {
  private final AgentRunner runner;
  @Mixin private NodeOption node;

  @Option(names = "--all", description = "Also what is to be done about the other nodes.")
  private boolean all;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  DoctorCommand(AgentRunner runner) {
    this.runner = runner;
  }

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    List<Finding> findings = findings();
    out().print(text(findings));
    boolean works = findings.stream().noneMatch(finding -> finding.level() == Level.PROBLEM);
    return (works ? Outcome.DONE : Outcome.NO).exitStatus();
  }

  private List<Finding> findings() throws ConfigurationException, CommandFailure {
    // A machine can be examined before there is anything to configure.
    if (!Files.exists(configurationOption().file())) {
      return runner.examine(null, null, all);
    }
    Configuration read = configuration();
    return runner.examine(read, read.node(node.name()), all);
  }

  static String text(List<Finding> findings) {
    int width = findings.stream().mapToInt(finding -> finding.topic().length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    String node = "";
    for (Finding finding : findings) {
      if (!finding.node().equals(node)) {
        node = finding.node();
        text.append(node).append(":\n");
      }
      String level = finding.level().name().toLowerCase(Locale.ROOT);
      String head = String.format("%-7s  %-" + Math.max(1, width) + "s  ", level, finding.topic());
      text.append(head).append(finding.text()).append('\n');
      if (!finding.remedy().isEmpty()) {
        text.append(" ".repeat(head.length())).append(finding.remedy()).append('\n');
      }
    }
    long problems = findings.stream().filter(found -> found.level() == Level.PROBLEM).count();
    long warnings = findings.stream().filter(found -> found.level() == Level.WARNING).count();
    return text.append(Quantities.count(problems, "problem", "problems"))
        .append(", ")
        .append(Quantities.count(warnings, "warning", "warnings"))
        .append(".\n")
        .toString();
  }
}
