package org.hotspare.wire;

import org.hotspare.wire.proto.Lease.Kind;

/** What is said about the lease, between values and protobuf. */
final class LeaseCodec {
  private LeaseCodec() {}

  static org.hotspare.wire.proto.Lease encode(Frame.Lease lease) {
    org.hotspare.wire.proto.Lease.Builder encoded =
        org.hotspare.wire.proto.Lease.newBuilder().setEpoch(lease.epoch());
    switch (lease) {
      case Frame.Lease.Renewal renewal ->
          encoded
              .setKind(Kind.RENEWAL)
              .setRound(renewal.round())
              .setDurationMillis(renewal.durationMillis());
      case Frame.Lease.Renewed renewed -> encoded.setKind(Kind.RENEWED).setRound(renewed.round());
      case Frame.Lease.Superseded superseded ->
          encoded.setKind(Kind.SUPERSEDED).setKnown(superseded.known());
      case Frame.Lease.Ballot ballot ->
          encoded
              .setKind(Kind.BALLOT)
              .setTrial(ballot.trial())
              .setOver(ballot.over())
              .setDurationMillis(ballot.durationMillis());
      case Frame.Lease.Vote vote ->
          encoded
              .setKind(Kind.VOTE)
              .setTrial(vote.trial())
              .setEndorsed(vote.endorsed())
              .setKnown(vote.known())
              .setDurationMillis(vote.durationMillis());
      case Frame.Lease.Release _ -> encoded.setKind(Kind.RELEASE);
    }
    return encoded.build();
  }

  static Frame.Lease decode(org.hotspare.wire.proto.Lease lease) throws ProtocolException {
    long epoch = FrameDecoder.epoch(lease.getEpoch());
    return switch (lease.getKind()) {
      case RENEWAL ->
          new Frame.Lease.Renewal(
              epoch, round(lease.getRound()), durationMillis(lease.getDurationMillis()));
      case RENEWED -> new Frame.Lease.Renewed(epoch, round(lease.getRound()));
      case SUPERSEDED -> new Frame.Lease.Superseded(epoch, FrameDecoder.epoch(lease.getKnown()));
      case BALLOT ->
          new Frame.Lease.Ballot(
              epoch,
              lease.getTrial(),
              FrameDecoder.epoch(lease.getOver()),
              durationMillis(lease.getDurationMillis()));
      case VOTE ->
          new Frame.Lease.Vote(
              epoch,
              lease.getTrial(),
              lease.getEndorsed(),
              FrameDecoder.epoch(lease.getKnown()),
              durationMillis(lease.getDurationMillis()));
      case RELEASE -> new Frame.Lease.Release(epoch);
      case KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw new ProtocolException("nothing known about the lease");
    };
  }

  private static long round(long value) throws ProtocolException {
    if (value < 1) {
      throw new ProtocolException("not a round: " + value);
    }
    return value;
  }

  private static long durationMillis(long value) throws ProtocolException {
    if (value < 1) {
      throw new ProtocolException("a lease of " + value + " ms");
    }
    return value;
  }
}
