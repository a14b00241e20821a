package org.hotspare.agent;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.Difference;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Progress;
import org.hotspare.admin.Role;
import org.hotspare.admin.Status;
import org.hotspare.admin.VerifyListener;
import org.hotspare.admin.VerifyResult;
import org.hotspare.cli.ProgressLine;
import org.hotspare.cli.Quantities;
import org.hotspare.cli.Terminal;
import org.hotspare.config.ConfigurationException;

/**
 * What a cluster is for, on a trial's: the primary dies, the standby goes on with all that was
 * confirmed, and the one that comes back gets what changed meanwhile. Each step says what it saw.
 */
final class Drill {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration FIRST_COPY = Duration.ofHours(24);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
  private static final String FIRST = "alpha";
  private static final String SECOND = "beta";

  private final Trial trial;
  private final PrintWriter out;

  Drill(Trial trial, PrintWriter out) {
    this.trial = trial;
    this.out = out;
  }

  /**
   * @return whether all went as promised
   * @throws IOException if a step does not come to its end
   */
  Outcome run() throws IOException, ConfigurationException, CommandFailure, InterruptedException {
    AdminClient first = trial.client(FIRST);
    AdminClient second = trial.client(SECOND);
    Path here = trial.treeOf(FIRST);
    Path there = trial.treeOf(SECOND);

    copy(first, second);
    Files.createDirectories(here.resolve("drill"));
    Files.writeString(here.resolve("drill/confirmed"), "on both\n");
    long millis = first.waitForStandbys(LIMIT).millis();
    say(
        "A file was written on %s; %s has it on its disk after %d ms."
            .formatted(FIRST, SECOND, millis));

    trial.kill(FIRST);
    long killed = System.nanoTime();
    say("%s dies (kill -9).".formatted(FIRST));
    Status primary =
        await(second, "have " + SECOND + " in its place", LIMIT, s -> s.role() == Role.PRIMARY);
    say("%s is primary, of epoch %d, %s later.".formatted(SECOND, primary.epoch(), since(killed)));
    if (!contains(there.resolve("drill/confirmed"), "on both\n")) {
      say("But it lacks what was confirmed.");
      return Outcome.NO;
    }
    Files.writeString(here.resolve("drill/unseen"), "by nobody\n");
    Files.writeString(there.resolve("drill/meanwhile"), "on the new primary\n");
    Files.delete(there.resolve("drill/confirmed"));
    say(
        "A file is made and one deleted on %s, and one made on %s, which is down."
            .formatted(SECOND, FIRST));

    trial.start(FIRST);
    long started = System.nanoTime();
    await(second, "have " + FIRST + " back", LIMIT, Drill::hasStandbyInSync);
    second.waitForStandbys(LIMIT);
    say("%s is back as a standby and has everything, %s later.".formatted(FIRST, since(started)));
    boolean restored =
        contains(here.resolve("drill/meanwhile"), "on the new primary\n")
            && !Files.exists(here.resolve("drill/confirmed"))
            && !Files.exists(here.resolve("drill/unseen"));
    if (!restored) {
      say("But its tree is not the new primary's.");
      return Outcome.NO;
    }
    say("What only %s had is kept beside its tree, in .hotspare.".formatted(FIRST));
    return compare(second);
  }

  private void copy(AdminClient first, AdminClient second)
      throws IOException, InterruptedException {
    long started = System.nanoTime();
    ProgressLine bar = new ProgressLine(out, Terminal.showsOutput(), "first copy");
    Status copied =
        await(
            first,
            "have a standby that may take over",
            FIRST_COPY,
            status -> {
              show(second, bar);
              return status.role() == Role.PRIMARY && hasStandbyInSync(status) && promotes(status);
            });
    bar.clear();
    MirrorStatus mirror = copied.mirrors().getFirst();
    say(
        "%s is primary, %s is in sync: %s, %s, after %s."
            .formatted(
                FIRST,
                SECOND,
                Quantities.count(mirror.entries(), "entry", "entries"),
                Quantities.bytes(mirror.bytes()),
                since(started)));
  }

  private static void show(AdminClient standby, ProgressLine bar) {
    try {
      for (MirrorStatus mirror : standby.status().mirrors()) {
        Progress progress = mirror.progress();
        if (progress != null) {
          bar.show(progress);
        }
      }
    } catch (CommandFailure notYet) {
      // It does not answer yet: there is no progress to show.
    }
  }

  private static boolean promotes(Status status) {
    Status.LeaseStatus lease = status.lease();
    return lease != null && lease.promotable().contains(SECOND);
  }

  private static boolean hasStandbyInSync(Status status) {
    return !status.mirrors().isEmpty()
        && status.mirrors().stream()
            .flatMap(mirror -> mirror.standbys().stream())
            .anyMatch(standby -> standby.connected() && standby.lag().changes() == 0);
  }

  private Outcome compare(AdminClient primary) throws CommandFailure {
    VerifyResult result = primary.verify(null, false, new Differences());
    if (!result.equal()) {
      say("The trees differ: the drill failed.");
      return Outcome.NO;
    }
    say(
        "Compared by content: %s, %s, equal on both. The drill held."
            .formatted(
                Quantities.count(result.entries(), "entry", "entries"),
                Quantities.bytes(result.bytes())));
    return Outcome.DONE;
  }

  private final class Differences implements VerifyListener {
    @Override
    public void progress(Progress progress) {
      // It takes a moment.
    }

    @Override
    public void difference(Difference difference) {
      say(
          "%s differs on %s: %s"
              .formatted(difference.path(), difference.node(), difference.what()));
    }
  }

  /** Waits until a node's status is as wanted. */
  private Status await(AdminClient node, String what, Duration limit, Predicate<Status> wanted)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() < end) {
      try {
        Status status = node.status();
        if (wanted.test(status)) {
          return status;
        }
      } catch (CommandFailure notYet) {
        // It is starting.
      }
      Thread.sleep(LOOK_AGAIN);
    }
    throw new IOException(
        "It took more than %s to %s; the logs are %s and %s."
            .formatted(
                Quantities.seconds(limit.toMillis() / 1e3),
                what,
                trial.logOf(FIRST),
                trial.logOf(SECOND)));
  }

  private static boolean contains(Path file, String content) throws IOException {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).equals(content);
    } catch (NoSuchFileException absent) {
      return false;
    }
  }

  private static String since(long nanos) {
    return Quantities.seconds((System.nanoTime() - nanos) / 1e9);
  }

  private void say(String sentence) {
    out.println(sentence);
    out.flush();
  }
}
