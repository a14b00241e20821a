package org.hotspare.agent;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hotspare.admin.Status;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.health.Check;
import org.hotspare.health.Checked;
import org.hotspare.health.Checks;
import org.hotspare.health.DiskCheck;
import org.hotspare.health.Health;

/**
 * What checks say: of this machine's own disk, which only this node can know, and of the primary,
 * by those that the configuration asks for, which every node makes.
 */
final class HealthWatch implements AutoCloseable {
  private static final String STATE = "state directory";

  /** What promises, records and events of an hour or two take. */
  private static final long LEAST_BYTES = 1 << 20;

  private final Configuration configuration;
  private final String self;
  private final Checks own;
  private final Checks ofPrimary;

  /** Guarded by this. */
  private String primary = "";

  private HealthWatch(Configuration configuration, String self, Checks own, Checks ofPrimary) {
    this.configuration = configuration;
    this.self = self;
    this.own = own;
    this.ofPrimary = ofPrimary;
  }

  /**
   * @param ownTurned told in a sentence when a check of this node's disk turns; must not block
   * @param turned the same, of a check of the primary
   */
  static HealthWatch start(
      Configuration configuration,
      String self,
      Consumer<String> ownTurned,
      Consumer<String> turned) {
    Checks own = Checks.start((now, before) -> tell(now, before, ownTurned));
    Checks ofPrimary = Checks.start((now, before) -> tell(now, before, turned));
    own.replace(
        List.of(
            new Check(
                STATE, new DiskCheck(configuration.state(), LEAST_BYTES), DiskCheck.SCHEDULE)));
    return new HealthWatch(configuration, self, own, ofPrimary);
  }

  private static void tell(Checked now, Health before, Consumer<String> turned) {
    Health health = now.standing().health();
    if (health != before && !(before == Health.UNKNOWN && health == Health.UP)) {
      turned.accept(
          "check %s is %s: %s"
              .formatted(
                  now.check().name(), health == Health.UP ? "up" : "down", now.standing().text()));
    }
  }

  /** Who is primary now; empty where nobody is: then nobody is checked. */
  synchronized void primaryIs(String node) {
    if (!node.equals(primary)) {
      primary = node;
      Node named = configuration.nodes().get(node);
      ofPrimary.replace(
          named == null ? List.of() : ConfiguredChecks.of(configuration, named, self));
    }
  }

  /** What fails on this machine, by the check's name. */
  Map<String, String> ownFailing() {
    return failing(own);
  }

  /** What fails at the primary as this node sees it, by the check's name. */
  Map<String, String> failing() {
    return failing(ofPrimary);
  }

  private static Map<String, String> failing(Checks checks) {
    Map<String, String> failing = new TreeMap<>();
    for (Checked one : checks.snapshot()) {
      if (one.standing().health() == Health.DOWN) {
        failing.put(one.check().name(), one.standing().text());
      }
    }
    return failing;
  }

  List<Status.CheckStatus> statuses() {
    return Stream.concat(own.snapshot().stream(), ofPrimary.snapshot().stream())
        .map(HealthWatch::status)
        .toList();
  }

  private static Status.CheckStatus status(Checked one) {
    String unable = one.standing().unable();
    return new Status.CheckStatus(
        one.check().name(),
        one.standing().health() != Health.DOWN,
        unable.isEmpty() ? one.standing().text() : "cannot be made: " + unable);
  }

  @Override
  public void close() {
    ofPrimary.close();
    own.close();
  }
}
