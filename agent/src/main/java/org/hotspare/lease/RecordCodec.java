package org.hotspare.lease;

import java.util.Set;
import org.hotspare.lease.proto.Record;

/** The record between values and what stands in the log. */
final class RecordCodec {
  private RecordCodec() {}

  static org.hotspare.lease.proto.Roles encode(Roles roles) {
    var encoded =
        org.hotspare.lease.proto.Roles.newBuilder()
            .setEpoch(roles.epoch())
            .setPrimary(roles.primary())
            .addAllPromotable(roles.promotable())
            .addAllVoters(roles.voters());
    Roles.Pause pause = roles.pause();
    if (pause != null) {
      encoded
          .setPaused(true)
          .setPauseReason(pause.reason())
          .setPausedUntilSeconds(pause.untilSeconds());
    }
    return encoded.build();
  }

  /**
   * @throws IllegalArgumentException if it breaks the rules of {@link Roles}
   */
  static Roles decode(org.hotspare.lease.proto.Roles roles) {
    return new Roles(
        roles.getEpoch(),
        roles.getPrimary(),
        Set.copyOf(roles.getPromotableList()),
        Set.copyOf(roles.getVotersList()),
        roles.getPaused()
            ? new Roles.Pause(roles.getPauseReason(), roles.getPausedUntilSeconds())
            : null);
  }

  static Record encode(ClusterRecord.Version version) {
    return Record.newBuilder()
        .setVersion(version.number())
        .setRoles(encode(version.roles()))
        .build();
  }

  static ClusterRecord.Version decode(Record proto) {
    return new ClusterRecord.Version(proto.getVersion(), decode(proto.getRoles()));
  }
}
