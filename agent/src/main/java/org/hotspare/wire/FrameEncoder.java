package org.hotspare.wire;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.wire.proto.Envelope;

/**
 * From frames to headers. What the bounds forbid is a mistake of the caller: {@link
 * IllegalArgumentException}. Only texts and lists for people are cut to fit instead.
 */
final class FrameEncoder {
  /** So many bytes of problems fit a header beside everything else. */
  private static final int PROBLEMS_BYTES = Bounds.HEADER_BYTES / 2;

  private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private FrameEncoder() {}

  static ByteBuffer payload(Frame frame) {
    return switch (frame) {
      case Frame.Rows rows -> rows.payload().duplicate();
      case Frame.ContentPart part -> part.payload().duplicate();
      case Frame.Restore restore -> restore.payload().duplicate();
      case Frame.Hello _,
          Frame.Welcome _,
          Frame.Refused _,
          Frame.Ping _,
          Frame.Pong _,
          Frame.Subscribe _,
          Frame.Subscribed _,
          Frame.CutBegin _,
          Frame.ContentAborted _,
          Frame.CutReached _,
          Frame.CutEnd _,
          Frame.Ack _,
          Frame.Want _,
          Frame.Report _,
          Frame.Decide _,
          Frame.RestoreEnd _,
          Frame.RestoreDone _,
          Frame.VerifyRequest _,
          Frame.VerifyReply _,
          Frame.Configured _,
          Frame.Call _,
          Frame.Answered _,
          Frame.CallFailed _,
          Frame.Lease _,
          Frame.Join _,
          Frame.Joined _,
          Frame.Renew _,
          Frame.Renewed _ ->
          NO_PAYLOAD;
    };
  }

  static Envelope.Builder encode(Frame frame) {
    Envelope.Builder envelope = Envelope.newBuilder();
    return switch (frame) {
      case Frame.Hello hello -> envelope.setHello(hello(hello));
      case Frame.Welcome welcome -> envelope.setWelcome(welcome(welcome));
      case Frame.Refused refused -> envelope.setRefused(refused(refused));
      case Frame.Ping ping ->
          envelope.setPing(
              org.hotspare.wire.proto.Ping.newBuilder()
                  .setToken(ping.token())
                  .setWork(ping.work())
                  .build());
      case Frame.Pong pong ->
          envelope.setPong(
              org.hotspare.wire.proto.Pong.newBuilder().setToken(pong.token()).build());
      case Frame.Subscribe subscribe -> envelope.setSubscribe(subscribe(subscribe));
      case Frame.Subscribed subscribed -> envelope.setSubscribed(subscribed(subscribed));
      case Frame.CutBegin begin -> envelope.setCutBegin(cutBegin(begin));
      case Frame.Rows rows -> envelope.setRows(rows(rows));
      case Frame.ContentPart part -> envelope.setContentPart(contentPart(part));
      case Frame.ContentAborted aborted -> envelope.setContentAborted(contentAborted(aborted));
      case Frame.CutReached reached ->
          envelope.setCutReached(
              org.hotspare.wire.proto.CutReached.newBuilder()
                  .setThrough(reached.through().packed())
                  .build());
      case Frame.CutEnd end ->
          envelope.setCutEnd(
              org.hotspare.wire.proto.CutEnd.newBuilder().setTo(end.to().packed()).build());
      case Frame.Ack ack ->
          envelope.setAck(
              org.hotspare.wire.proto.Ack.newBuilder()
                  .setPosition(ack.position().packed())
                  .build());
      case Frame.Want want -> envelope.setWant(want(want));
      case Frame.Report report -> envelope.setReport(report(report));
      case Frame.Decide decide -> envelope.setDecide(decide(decide));
      case Frame.Restore restore -> envelope.setRestore(restore(restore));
      case Frame.RestoreEnd end ->
          envelope.setRestoreEnd(
              org.hotspare.wire.proto.RestoreEnd.newBuilder().setEntries(end.entries()).build());
      case Frame.RestoreDone done ->
          envelope.setRestoreDone(
              org.hotspare.wire.proto.RestoreDone.newBuilder()
                  .setEntries(done.entries())
                  .setFailed(done.failed())
                  .build());
      case Frame.VerifyRequest request ->
          envelope.setVerifyRequest(
              org.hotspare.wire.proto.VerifyRequest.newBuilder()
                  .setRepair(request.repair())
                  .build());
      case Frame.VerifyReply reply -> envelope.setVerifyReply(verifyReply(reply));
      case Frame.Configured configured -> envelope.setConfigured(configured(configured));
      case Frame.Call call -> envelope.setCall(call(call));
      case Frame.Answered answered ->
          envelope.setAnswered(
              org.hotspare.wire.proto.Answered.newBuilder()
                  .setId(answered.id())
                  .setContent(callContent(answered.content())));
      case Frame.CallFailed failed ->
          envelope.setCallFailed(
              org.hotspare.wire.proto.CallFailed.newBuilder()
                  .setId(failed.id())
                  .setReason(PlainText.sentence(failed.reason())));
      case Frame.Lease lease -> envelope.setLease(LeaseCodec.encode(lease));
      case Frame.Join join -> envelope.setJoin(join(join));
      case Frame.Joined joined -> envelope.setJoined(joined(joined));
      case Frame.Renew renew ->
          envelope.setRenew(
              org.hotspare.wire.proto.Renew.newBuilder()
                  .setRequest(EntryCodec.encode(renew.request()))
                  .build());
      case Frame.Renewed renewed ->
          envelope.setRenewed(
              org.hotspare.wire.proto.Renewed.newBuilder()
                  .setCertificate(EntryCodec.encode(renewed.certificate()))
                  .build());
    };
  }

  private static org.hotspare.wire.proto.Configured configured(Frame.Configured configured) {
    org.hotspare.wire.proto.Configured.Builder builder =
        org.hotspare.wire.proto.Configured.newBuilder();
    configured.keys().stream()
        .limit(Bounds.CONFIGURED_KEYS)
        .forEach(
            key ->
                builder.addKey(
                    org.hotspare.wire.proto.ConfiguredKey.newBuilder()
                        .setName(PlainText.sentence(key.name()))
                        .setHash(key.hash())
                        .build()));
    return builder.build();
  }

  private static org.hotspare.wire.proto.Hello hello(Frame.Hello hello) {
    return org.hotspare.wire.proto.Hello.newBuilder()
        .setLowestProtocol(hello.lowestProtocol())
        .setHighestProtocol(hello.highestProtocol())
        .setCluster(hello.cluster())
        .setNode(hello.node())
        .setVersion(PlainText.sentence(hello.version()))
        .build();
  }

  private static org.hotspare.wire.proto.Welcome welcome(Frame.Welcome welcome) {
    return org.hotspare.wire.proto.Welcome.newBuilder()
        .setProtocol(welcome.protocol())
        .setNode(welcome.node())
        .setVersion(PlainText.sentence(welcome.version()))
        .build();
  }

  private static org.hotspare.wire.proto.Refused refused(Frame.Refused refused) {
    return org.hotspare.wire.proto.Refused.newBuilder()
        .setReason(PlainText.sentence(refused.reason()))
        .build();
  }

  private static org.hotspare.wire.proto.Subscribe subscribe(Frame.Subscribe subscribe) {
    return org.hotspare.wire.proto.Subscribe.newBuilder()
        .setMirror(subscribe.mirror())
        .setHistory(EntryCodec.encode(subscribe.history()))
        .setPosition(subscribe.position().packed())
        .addAllLineage(packed(subscribe.lineage()))
        .setCompleteCopy(subscribe.completeCopy())
        .setEmptyTree(subscribe.emptyTree())
        .build();
  }

  private static org.hotspare.wire.proto.Subscribed subscribed(Frame.Subscribed subscribed) {
    return org.hotspare.wire.proto.Subscribed.newBuilder()
        .setHistory(EntryCodec.encode(subscribed.history()))
        .setEpoch(subscribed.epoch())
        .addAllLineage(packed(subscribed.lineage()))
        .setMode(mode(subscribed.mode()))
        .build();
  }

  private static org.hotspare.wire.proto.CutBegin cutBegin(Frame.CutBegin begin) {
    return org.hotspare.wire.proto.CutBegin.newBuilder()
        .setEpoch(begin.epoch())
        .setFrom(begin.from().packed())
        .setTo(begin.to().packed())
        .setMode(mode(begin.mode()))
        .setRows(begin.rows())
        .setBytes(begin.bytes())
        .build();
  }

  private static org.hotspare.wire.proto.Rows rows(Frame.Rows frame) {
    if (frame.rows().size() > Bounds.ROWS) {
      throw new IllegalArgumentException(frame.rows().size() + " rows in a frame");
    }
    var rows = org.hotspare.wire.proto.Rows.newBuilder();
    StepsCodec steps = new StepsCodec();
    for (Row row : frame.rows()) {
      rows.addRow(RowCodec.encode(row, steps));
    }
    checkPayload(steps, frame.payload());
    return rows.build();
  }

  private static org.hotspare.wire.proto.ContentPart contentPart(Frame.ContentPart part) {
    StepsCodec steps = new StepsCodec();
    var encoded =
        org.hotspare.wire.proto.ContentPart.newBuilder()
            .setId(part.id().value())
            .setSteps(steps.encode(part.ops()));
    checkPayload(steps, part.payload());
    Entry.RegularFile finished = part.finished();
    if (finished != null) {
      encoded.setFinished(EntryCodec.encode(finished));
    }
    return encoded.build();
  }

  private static org.hotspare.wire.proto.ContentAborted contentAborted(
      Frame.ContentAborted aborted) {
    return org.hotspare.wire.proto.ContentAborted.newBuilder()
        .setId(aborted.id().value())
        .setReason(PlainText.sentence(aborted.reason()))
        .build();
  }

  private static org.hotspare.wire.proto.Want want(Frame.Want want) {
    if (want.ids().size() > Bounds.WANTED_IDS) {
      throw new IllegalArgumentException(want.ids().size() + " wanted entries in a frame");
    }
    return org.hotspare.wire.proto.Want.newBuilder()
        .addAllId(want.ids().stream().map(EntryId::value).toList())
        .build();
  }

  private static org.hotspare.wire.proto.Report report(Frame.Report report) {
    String held = report.held();
    return org.hotspare.wire.proto.Report.newBuilder()
        .setState(report.state())
        .setEntries(report.entries())
        .setBytes(report.bytes())
        .setHeld(held == null ? "" : PlainText.sentence(held))
        .addAllProblem(problems(report.problems()))
        .setProblemsInAll(report.problemCount())
        .setUnmade(report.unmade())
        .build();
  }

  private static org.hotspare.wire.proto.Decide decide(Frame.Decide decide) {
    return org.hotspare.wire.proto.Decide.newBuilder()
        .setDecision(
            switch (decide.decision()) {
              case APPROVE -> org.hotspare.wire.proto.Decide.Decision.APPROVE;
              case REJECT -> org.hotspare.wire.proto.Decide.Decision.REJECT;
              case REFILL -> org.hotspare.wire.proto.Decide.Decision.REFILL;
            })
        .setValidSeconds(decide.validSeconds())
        .build();
  }

  private static org.hotspare.wire.proto.Call call(Frame.Call call) {
    return org.hotspare.wire.proto.Call.newBuilder()
        .setId(call.id())
        .setSubject(
            switch (call.subject()) {
              case VOTE -> org.hotspare.wire.proto.Call.Subject.VOTE;
              case APPEND -> org.hotspare.wire.proto.Call.Subject.APPEND;
              case SNAPSHOT -> org.hotspare.wire.proto.Call.Subject.SNAPSHOT;
              case ELECTION -> org.hotspare.wire.proto.Call.Subject.ELECTION;
              case WRITE -> org.hotspare.wire.proto.Call.Subject.WRITE;
              case REPORT -> org.hotspare.wire.proto.Call.Subject.REPORT;
            })
        .setContent(callContent(call.content()))
        .build();
  }

  private static ByteString callContent(Bytes content) {
    if (content.length() > Bounds.CALL_BYTES) {
      throw new IllegalArgumentException("a call of " + content.length() + " bytes");
    }
    return EntryCodec.encode(content);
  }

  private static org.hotspare.wire.proto.Restore restore(Frame.Restore restore) {
    if (restore.ops().stream().anyMatch(DeltaOp.Copy.class::isInstance)) {
      throw new IllegalArgumentException("a restored file copies from no earlier version");
    }
    StepsCodec steps = new StepsCodec();
    var encoded =
        org.hotspare.wire.proto.Restore.newBuilder()
            .setPath(EntryCodec.encode(restore.path().bytes()))
            .setId(restore.id().value())
            .setLinked(restore.linked())
            .setEntry(EntryCodec.encode(restore.entry()))
            .setSteps(steps.encode(restore.ops()))
            .setComplete(restore.complete())
            .build();
    checkPayload(steps, restore.payload());
    return encoded;
  }

  private static org.hotspare.wire.proto.VerifyReply verifyReply(Frame.VerifyReply reply) {
    return org.hotspare.wire.proto.VerifyReply.newBuilder()
        .setEntries(reply.entries())
        .setBytes(reply.bytes())
        .addAllDifference(problems(reply.differences()))
        .setDifferencesInAll(reply.differenceCount())
        .build();
  }

  private static org.hotspare.wire.proto.Join join(Frame.Join join) {
    return org.hotspare.wire.proto.Join.newBuilder()
        .setNode(join.node())
        .setSecret(EntryCodec.encode(join.secret()))
        .setRequest(EntryCodec.encode(join.request()))
        .build();
  }

  private static org.hotspare.wire.proto.Joined joined(Frame.Joined joined) {
    return org.hotspare.wire.proto.Joined.newBuilder()
        .setCertificate(EntryCodec.encode(joined.certificate()))
        .setAuthority(EntryCodec.encode(joined.authority()))
        .setAuthorityKey(EntryCodec.encode(joined.authorityKey()))
        .setConfiguration(EntryCodec.encode(joined.configuration()))
        .build();
  }

  private static void checkPayload(StepsCodec steps, ByteBuffer payload) {
    if (steps.literalBytes() != payload.remaining()) {
      throw new IllegalArgumentException(
          "literals of " + steps.literalBytes() + " bytes, payload of " + payload.remaining());
    }
  }

  private static List<Long> packed(Lineage lineage) {
    return lineage.ends().stream().map(Position::packed).toList();
  }

  private static org.hotspare.wire.proto.Mode mode(Frame.Mode mode) {
    return switch (mode) {
      case FIRST_COPY -> org.hotspare.wire.proto.Mode.FIRST_COPY;
      case CHANGES -> org.hotspare.wire.proto.Mode.CHANGES;
      case INVENTORY -> org.hotspare.wire.proto.Mode.INVENTORY;
    };
  }

  /** The first of them that fit: how many there are stands beside the list. */
  private static List<org.hotspare.wire.proto.PathProblem> problems(
      List<Frame.PathProblem> problems) {
    int[] room = {PROBLEMS_BYTES};
    return problems.stream()
        .filter(problem -> problem.path().length() <= Bounds.PATH_BYTES)
        .limit(Bounds.PROBLEMS)
        .map(
            problem ->
                org.hotspare.wire.proto.PathProblem.newBuilder()
                    .setPath(EntryCodec.encode(problem.path()))
                    .setReason(PlainText.sentence(problem.reason()))
                    .build())
        .takeWhile(encoded -> (room[0] -= encoded.getSerializedSize() + 8) > 0)
        .toList();
  }
}
