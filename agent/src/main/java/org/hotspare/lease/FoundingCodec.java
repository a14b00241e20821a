package org.hotspare.lease;

import java.util.TreeSet;

/** A founding as it is told and written down. */
public final class FoundingCodec {
  private FoundingCodec() {}

  public static org.hotspare.lease.proto.Founding encode(Founding founding) {
    return org.hotspare.lease.proto.Founding.newBuilder()
        .setEpoch(founding.epoch())
        .setFounder(founding.founder())
        .addAllMembers(founding.members())
        .setBegun(RecordCodec.encode(founding.begun()))
        .setSinceSeconds(founding.sinceSeconds())
        .build();
  }

  /**
   * @throws IllegalArgumentException if it breaks the rules of {@link Founding}
   */
  public static Founding decode(org.hotspare.lease.proto.Founding proto) {
    return new Founding(
        proto.getEpoch(),
        proto.getFounder(),
        new TreeSet<>(proto.getMembersList()),
        RecordCodec.decode(proto.getBegun()),
        proto.getSinceSeconds());
  }
}
