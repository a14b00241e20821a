package org.hotspare.cli;

import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Difference;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Progress;
import org.hotspare.admin.VerifyListener;
import org.hotspare.admin.VerifyResult;
import org.hotspare.config.ConfigurationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "verify",
    description = "Compares the content of all copies while they run, and lists what differs.")
final class VerifyCommand extends AgentCommand {
  @Mixin private MirrorOption mirror;

  @Option(names = "--repair", description = "Replaces what differs by the primary's version.")
  private boolean repair;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  VerifyCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailure {
    ProgressLine line = new ProgressLine(err(), Terminal.showsErrors(), "comparing");
    VerifyResult result = client().verify(mirror.name(), repair, listener(line));
    line.clear();
    result.unreached().forEach(node -> out().println("Not compared: " + node));
    out().println(summary(result));
    return (result.equal() ? Outcome.DONE : Outcome.NO).exitStatus();
  }

  private VerifyListener listener(ProgressLine line) {
    return new VerifyListener() {
      @Override
      public void progress(Progress progress) {
        line.show(progress);
      }

      @Override
      public void difference(Difference difference) {
        line.clear();
        out().println(text(difference));
        out().flush();
      }
    };
  }

  static String text(Difference difference) {
    return difference.node()
        + ": "
        + difference.mirror()
        + ": "
        + difference.path()
        + ": "
        + difference.what()
        + (difference.repaired() ? " (repaired)" : "");
  }

  static String summary(VerifyResult result) {
    String compared =
        Quantities.count(result.entries(), "entry", "entries")
            + " with "
            + Quantities.bytes(result.bytes())
            + " compared";
    if (result.differences() == 0) {
      return compared + (result.unreached().isEmpty() ? ": all equal." : ": equal where compared.");
    }
    String differ = Quantities.count(result.differences(), "difference", "differences");
    String repaired =
        result.repaired() == 0
            ? ""
            : ", of which " + Quantities.count(result.repaired()) + " repaired";
    return compared + ": " + differ + repaired + ".";
  }
}
