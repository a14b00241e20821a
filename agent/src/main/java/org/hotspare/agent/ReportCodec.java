package org.hotspare.agent;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.hotspare.failover.Report;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Position;

/** A report between its value and what goes over the wire. */
final class ReportCodec {
  private ReportCodec() {}

  static Bytes encode(Report report) {
    var encoded =
        org.hotspare.agent.proto.Report.newBuilder()
            .setEpoch(report.epoch())
            .setLeads(report.leads())
            .setUnwilling(report.unwilling())
            .setHandsOverTo(report.handsOverTo())
            .putAllFailing(report.failing());
    report.durable().forEach((mirror, position) -> encoded.putDurable(mirror, position.packed()));
    return Bytes.wrap(encoded.build().toByteArray());
  }

  /**
   * @throws IOException if it is none
   */
  static Report decode(Bytes content) throws IOException {
    try {
      var report = org.hotspare.agent.proto.Report.parseFrom(content.array());
      Map<String, Position> durable = new TreeMap<>();
      report
          .getDurableMap()
          .forEach((mirror, packed) -> durable.put(mirror, Position.unpack(packed)));
      return new Report(
          report.getEpoch(),
          report.getLeads(),
          durable,
          report.getUnwilling(),
          report.getHandsOverTo(),
          report.getFailingMap());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException("no report: " + e.getMessage(), e);
    }
  }
}
