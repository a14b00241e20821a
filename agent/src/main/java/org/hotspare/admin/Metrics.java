package org.hotspare.admin;

import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hotspare.admin.Status.CheckStatus;

/**
 * The agent's numbers as Prometheus reads them. Each time, those of a status that was just made.
 */
final class Metrics implements AutoCloseable {
  /** Of what {@link #of} returns. */
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** By name. Guarded by this, as what they show is. */
  private final Map<String, MultiGauge> gauges = new LinkedHashMap<>();

  private final Map<String, List<MultiGauge.Row<?>>> rows = new LinkedHashMap<>();

  Metrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    gauge("hotspare.version", "", "1, with the agent's version as a label");
    gauge("hotspare.role", "", "1 for the role that this node has, 0 for the others");
    gauge("hotspare.epoch", "", "the epoch of the present primary");
    gauge("hotspare.primary.connected", "", "1 on the primary and where it is connected");
    gauge("hotspare.lease.remaining", "seconds", "for how long this node agrees to nobody else");
    gauge("hotspare.lease.promotable", "", "1 for each node that may take over");
    gauge("hotspare.check.passing", "", "whether a check passes");
    gauge("hotspare.mirror.state", "", "1 for the state that a mirror has, 0 for the others");
    gauge("hotspare.mirror.entries", "", "of a mirror");
    gauge("hotspare.mirror.bytes", "bytes", "of all regular files of a mirror");
    gauge("hotspare.mirror.problems", "", "files of a mirror that cannot be mirrored");
    gauge("hotspare.mirror.held", "", "1 while a mirror asks before it destroys something");
    gauge("hotspare.standby.connected", "", "on the primary: whether a standby is connected");
    gauge(
        "hotspare.standby.lag", "seconds", "on the primary: for how long a standby lacks changes");
    gauge("hotspare.standby.lag.changes", "", "on the primary: how many changes a standby lacks");
  }

  private void gauge(String name, String unit, String description) {
    MultiGauge.Builder builder = MultiGauge.builder(name).description(description);
    gauges.put(name, (unit.isEmpty() ? builder : builder.baseUnit(unit)).register(registry));
  }

  /** In the text format of Prometheus. */
  synchronized String of(Status status) {
    gauges.keySet().forEach(name -> rows.put(name, new ArrayList<>()));
    row("hotspare.version", Tags.of("version", status.version()), 1);
    for (Role role : Role.values()) {
      row("hotspare.role", Tags.of("role", role.word()), is(role == status.role()));
    }
    row("hotspare.epoch", Tags.empty(), status.epoch());
    row("hotspare.primary.connected", Tags.empty(), is(status.primary().connected()));
    Status.LeaseStatus lease = status.lease();
    if (lease != null) {
      row("hotspare.lease.remaining", Tags.empty(), lease.remainingMillis() / 1000.0);
      lease.promotable().forEach(at -> row("hotspare.lease.promotable", Tags.of("peer", at), 1));
    }
    for (CheckStatus check : status.checks()) {
      row("hotspare.check.passing", Tags.of("check", check.name()), is(check.passing()));
    }
    status.mirrors().forEach(this::rowsOf);
    gauges.forEach((name, gauge) -> gauge.register(rows.getOrDefault(name, List.of()), true));
    return registry.scrape();
  }

  private void rowsOf(MirrorStatus mirror) {
    Tags tags = Tags.of("mirror", mirror.name());
    for (MirrorState state : MirrorState.values()) {
      row("hotspare.mirror.state", tags.and("state", state.word()), is(state == mirror.state()));
    }
    row("hotspare.mirror.entries", tags, mirror.entries());
    row("hotspare.mirror.bytes", tags, mirror.bytes());
    row("hotspare.mirror.problems", tags, mirror.problemCount());
    row("hotspare.mirror.held", tags, is(mirror.held() != null));
    for (StandbyStatus standby : mirror.standbys()) {
      Tags its = tags.and("standby", standby.node());
      row("hotspare.standby.connected", its, is(standby.connected()));
      row("hotspare.standby.lag", its, standby.lag().seconds());
      row("hotspare.standby.lag.changes", its, standby.lag().changes());
    }
  }

  private void row(String name, Tags tags, Number value) {
    rows.computeIfAbsent(name, _ -> new ArrayList<>()).add(MultiGauge.Row.of(tags, value));
  }

  private static double is(boolean so) {
    return so ? 1 : 0;
  }

  @Override
  public void close() {
    registry.close();
  }
}
