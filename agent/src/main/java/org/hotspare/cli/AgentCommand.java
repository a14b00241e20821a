package org.hotspare.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.Answer;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * What all commands share that are about a configuration, and mostly about the agent that runs it.
 */
@Command(mixinStandardHelpOptions = true)
abstract class AgentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOption configuration;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  AgentCommand() {}

  final ConfigurationOption configurationOption() {
    return configuration;
  }

  final Configuration configuration() throws ConfigurationException {
    return configuration.load();
  }

  final AdminClient client() throws ConfigurationException {
    return new AdminClient(configuration().state());
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** A writer keeps its errors to itself: `events --follow | head` would never end. */
  final void endWhenNobodyReads() {
    if (out().checkError()) {
      String why = "nobody reads the output any more";
      throw new UncheckedIOException(why, new IOException(why));
    }
  }

  final int print(Answer answer) {
    answer.lines().forEach(out()::println);
    return answer.outcome().exitStatus();
  }
}
