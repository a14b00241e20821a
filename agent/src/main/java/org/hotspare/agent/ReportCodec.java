package org.hotspare.agent;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.hotspare.failover.Report;
import org.hotspare.lease.Founding;
import org.hotspare.lease.FoundingCodec;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/** A report between its value and what goes over the wire. */
final class ReportCodec {
  private ReportCodec() {}

  /**
   * @param report how the node is
   * @param founding by whose record it goes; null for the first
   */
  record Told(Report report, @Nullable Founding founding) {}

  static Bytes encode(Report report, Founding founding) {
    var encoded =
        org.hotspare.agent.proto.Report.newBuilder()
            .setEpoch(report.epoch())
            .setLeads(report.leads())
            .setUnwilling(report.unwilling())
            .setHandsOverTo(report.handsOverTo())
            .putAllFailing(report.failing());
    if (!founding.isFirst()) {
      encoded.setFounding(FoundingCodec.encode(founding));
    }
    report.durable().forEach((mirror, position) -> encoded.putDurable(mirror, position.packed()));
    return Bytes.wrap(encoded.build().toByteArray());
  }

  /**
   * @throws IOException if it is none
   */
  static Told decode(Bytes content) throws IOException {
    try {
      var report = org.hotspare.agent.proto.Report.parseFrom(content.array());
      Map<String, Position> durable = new TreeMap<>();
      report
          .getDurableMap()
          .forEach((mirror, packed) -> durable.put(mirror, Position.unpack(packed)));
      return new Told(
          new Report(
              report.getEpoch(),
              report.getLeads(),
              durable,
              report.getUnwilling(),
              report.getHandsOverTo(),
              report.getFailingMap()),
          report.hasFounding() ? FoundingCodec.decode(report.getFounding()) : null);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException("no report: " + e.getMessage(), e);
    }
  }
}
