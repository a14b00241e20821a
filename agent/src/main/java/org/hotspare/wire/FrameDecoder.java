package org.hotspare.wire;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.wire.proto.Envelope;

/**
 * From headers to frames, with every value checked. Where the check is in the constructor of a
 * value it throws {@link IllegalArgumentException}, which {@link FrameCodec} turns into a {@link
 * ProtocolException}.
 */
final class FrameDecoder {
  private static final int MAX_PROTOCOL = 0xffff;

  private FrameDecoder() {}

  static boolean carriesPayload(Envelope envelope) {
    return envelope.hasRows() || envelope.hasContentPart() || envelope.hasRestore();
  }

  static Frame decode(Envelope envelope, ByteBuffer payload) throws ProtocolException {
    return switch (envelope.getFrameCase()) {
      case HELLO -> hello(envelope.getHello());
      case WELCOME -> welcome(envelope.getWelcome());
      case REFUSED -> new Frame.Refused(PlainText.sentence(envelope.getRefused().getReason()));
      case PING -> new Frame.Ping(envelope.getPing().getToken(), envelope.getPing().getWork());
      case PONG -> new Frame.Pong(envelope.getPong().getToken());
      case SUBSCRIBE -> subscribe(envelope.getSubscribe());
      case SUBSCRIBED -> subscribed(envelope.getSubscribed());
      case CUT_BEGIN -> cutBegin(envelope.getCutBegin());
      case ROWS -> rows(envelope.getRows(), payload);
      case CONTENT_PART -> contentPart(envelope.getContentPart(), payload);
      case CONTENT_ABORTED ->
          new Frame.ContentAborted(
              new EntryId(envelope.getContentAborted().getId()),
              PlainText.sentence(envelope.getContentAborted().getReason()));
      case CUT_REACHED ->
          new Frame.CutReached(Position.unpack(envelope.getCutReached().getThrough()));
      case CUT_END -> new Frame.CutEnd(Position.unpack(envelope.getCutEnd().getTo()));
      case ACK -> new Frame.Ack(Position.unpack(envelope.getAck().getPosition()));
      case WANT -> want(envelope.getWant());
      case REPORT -> report(envelope.getReport());
      case DECIDE -> decide(envelope.getDecide());
      case RESTORE -> restore(envelope.getRestore(), payload);
      case RESTORE_END ->
          new Frame.RestoreEnd(count("entries", envelope.getRestoreEnd().getEntries()));
      case RESTORE_DONE ->
          new Frame.RestoreDone(
              count("entries", envelope.getRestoreDone().getEntries()),
              count("failed entries", envelope.getRestoreDone().getFailed()));
      case VERIFY_REQUEST -> new Frame.VerifyRequest(envelope.getVerifyRequest().getRepair());
      case VERIFY_REPLY -> verifyReply(envelope.getVerifyReply());
      case CONFIGURED -> configured(envelope.getConfigured());
      case CALL -> call(envelope.getCall());
      case ANSWERED ->
          new Frame.Answered(
              envelope.getAnswered().getId(),
              bytes("answer", envelope.getAnswered().getContent(), Bounds.CALL_BYTES));
      case CALL_FAILED ->
          new Frame.CallFailed(
              envelope.getCallFailed().getId(),
              PlainText.sentence(envelope.getCallFailed().getReason()));
      case LEASE -> LeaseCodec.decode(envelope.getLease());
      case JOIN -> join(envelope.getJoin());
      case JOINED -> joined(envelope.getJoined());
      case RENEW ->
          new Frame.Renew(
              some("request", envelope.getRenew().getRequest(), Bounds.CERTIFICATE_BYTES));
      case RENEWED ->
          new Frame.Renewed(
              some(
                  "certificate", envelope.getRenewed().getCertificate(), Bounds.CERTIFICATE_BYTES));
      case FRAME_NOT_SET -> throw new ProtocolException("a frame of no known kind");
    };
  }

  private static Frame hello(org.hotspare.wire.proto.Hello hello) throws ProtocolException {
    int lowest = hello.getLowestProtocol();
    int highest = hello.getHighestProtocol();
    if (lowest < 1 || highest < lowest || highest > MAX_PROTOCOL) {
      throw new ProtocolException("protocols " + lowest + " to " + highest);
    }
    return new Frame.Hello(
        lowest,
        highest,
        name("cluster", hello.getCluster()),
        name("node", hello.getNode()),
        PlainText.sentence(hello.getVersion()));
  }

  private static Frame welcome(org.hotspare.wire.proto.Welcome welcome) throws ProtocolException {
    if (welcome.getProtocol() < 1 || welcome.getProtocol() > MAX_PROTOCOL) {
      throw new ProtocolException("protocol " + welcome.getProtocol());
    }
    return new Frame.Welcome(
        welcome.getProtocol(),
        name("node", welcome.getNode()),
        PlainText.sentence(welcome.getVersion()));
  }

  private static Frame subscribe(org.hotspare.wire.proto.Subscribe subscribe)
      throws ProtocolException {
    return new Frame.Subscribe(
        name("mirror", subscribe.getMirror()),
        bytes("history", subscribe.getHistory(), Bounds.HISTORY_BYTES),
        Position.unpack(subscribe.getPosition()),
        lineage(subscribe.getLineageList()),
        subscribe.getCompleteCopy(),
        subscribe.getEmptyTree());
  }

  private static Frame subscribed(org.hotspare.wire.proto.Subscribed subscribed)
      throws ProtocolException {
    return new Frame.Subscribed(
        bytes("history", subscribed.getHistory(), Bounds.HISTORY_BYTES),
        epoch(subscribed.getEpoch()),
        lineage(subscribed.getLineageList()),
        mode(subscribed.getMode()));
  }

  private static Frame cutBegin(org.hotspare.wire.proto.CutBegin begin) throws ProtocolException {
    Position from = Position.unpack(begin.getFrom());
    Position to = Position.unpack(begin.getTo());
    if (from.isAfter(to)) {
      throw new ProtocolException("a cut from " + from + " back to " + to);
    }
    return new Frame.CutBegin(
        epoch(begin.getEpoch()),
        from,
        to,
        mode(begin.getMode()),
        count("rows", begin.getRows()),
        count("bytes", begin.getBytes()));
  }

  private static Frame rows(org.hotspare.wire.proto.Rows encoded, ByteBuffer payload)
      throws ProtocolException {
    if (encoded.getRowCount() > Bounds.ROWS) {
      throw new ProtocolException(encoded.getRowCount() + " rows, more than " + Bounds.ROWS);
    }
    StepsCodec steps = new StepsCodec();
    List<Row> rows = new ArrayList<>(encoded.getRowCount());
    for (var row : encoded.getRowList()) {
      rows.add(RowCodec.decode(row, steps));
    }
    checkPayload(steps, payload);
    return new Frame.Rows(rows, payload);
  }

  private static Frame contentPart(org.hotspare.wire.proto.ContentPart encoded, ByteBuffer payload)
      throws ProtocolException {
    StepsCodec steps = new StepsCodec();
    EntryId id = new EntryId(encoded.getId());
    List<DeltaOp> ops = steps.decode(encoded.getSteps());
    checkPayload(steps, payload);
    if (!encoded.hasFinished()) {
      return new Frame.ContentPart(id, ops, payload, null);
    }
    if (!(EntryCodec.decode(encoded.getFinished()) instanceof Entry.RegularFile finished)) {
      throw new ProtocolException("content of what is no regular file");
    }
    return new Frame.ContentPart(id, ops, payload, finished);
  }

  private static Frame configured(org.hotspare.wire.proto.Configured configured)
      throws ProtocolException {
    if (configured.getKeyCount() > Bounds.CONFIGURED_KEYS) {
      throw new ProtocolException(configured.getKeyCount() + " configured keys");
    }
    return new Frame.Configured(
        configured.getKeyList().stream()
            .map(key -> new Frame.ConfiguredKey(PlainText.sentence(key.getName()), key.getHash()))
            .toList());
  }

  private static Frame want(org.hotspare.wire.proto.Want want) throws ProtocolException {
    if (want.getIdCount() > Bounds.WANTED_IDS) {
      throw new ProtocolException(want.getIdCount() + " wanted entries");
    }
    List<EntryId> ids = new ArrayList<>(want.getIdCount());
    for (long id : want.getIdList()) {
      ids.add(new EntryId(id));
    }
    return new Frame.Want(ids);
  }

  private static Frame report(org.hotspare.wire.proto.Report report) throws ProtocolException {
    return new Frame.Report(
        name("state", report.getState()),
        count("entries", report.getEntries()),
        count("bytes", report.getBytes()),
        report.getHeld().isEmpty() ? null : PlainText.sentence(report.getHeld()),
        problems(report.getProblemList()),
        count("problems", report.getProblemsInAll()),
        count("unmade", report.getUnmade()));
  }

  private static Frame decide(org.hotspare.wire.proto.Decide decide) throws ProtocolException {
    Frame.Decision decision =
        switch (decide.getDecision()) {
          case APPROVE -> Frame.Decision.APPROVE;
          case REJECT -> Frame.Decision.REJECT;
          case REFILL -> Frame.Decision.REFILL;
          case DECISION_UNSPECIFIED, UNRECOGNIZED ->
              throw new ProtocolException("an unknown decision");
        };
    return new Frame.Decide(decision, count("seconds", decide.getValidSeconds()));
  }

  private static Frame call(org.hotspare.wire.proto.Call call) throws ProtocolException {
    Frame.Subject subject =
        switch (call.getSubject()) {
          case VOTE -> Frame.Subject.VOTE;
          case APPEND -> Frame.Subject.APPEND;
          case SNAPSHOT -> Frame.Subject.SNAPSHOT;
          case ELECTION -> Frame.Subject.ELECTION;
          case WRITE -> Frame.Subject.WRITE;
          case REPORT -> Frame.Subject.REPORT;
          case SUBJECT_UNSPECIFIED, UNRECOGNIZED ->
              throw new ProtocolException("a call about nothing known");
        };
    return new Frame.Call(
        call.getId(), subject, bytes("call", call.getContent(), Bounds.CALL_BYTES));
  }

  private static Frame restore(org.hotspare.wire.proto.Restore restore, ByteBuffer payload)
      throws ProtocolException {
    StepsCodec steps = new StepsCodec();
    List<DeltaOp> ops = steps.decode(restore.getSteps());
    checkPayload(steps, payload);
    Entry entry = EntryCodec.decode(restore.getEntry());
    if (ops.stream().anyMatch(DeltaOp.Copy.class::isInstance)) {
      throw new ProtocolException("a restored file that copies from no earlier version");
    }
    if (!ops.isEmpty() && !(entry instanceof Entry.RegularFile)) {
      throw new ProtocolException("content for what is no regular file");
    }
    return new Frame.Restore(
        RelPath.parse(bytes("path", restore.getPath(), Bounds.PATH_BYTES)),
        new EntryId(restore.getId()),
        restore.getLinked(),
        entry,
        ops,
        payload,
        restore.getComplete());
  }

  private static Frame verifyReply(org.hotspare.wire.proto.VerifyReply reply)
      throws ProtocolException {
    return new Frame.VerifyReply(
        count("entries", reply.getEntries()),
        count("bytes", reply.getBytes()),
        problems(reply.getDifferenceList()),
        count("differences", reply.getDifferencesInAll()));
  }

  private static Frame join(org.hotspare.wire.proto.Join join) throws ProtocolException {
    return new Frame.Join(
        name("node", join.getNode()),
        some("secret", join.getSecret(), Bounds.SECRET_BYTES),
        some("request", join.getRequest(), Bounds.CERTIFICATE_BYTES));
  }

  private static Frame joined(org.hotspare.wire.proto.Joined joined) throws ProtocolException {
    return new Frame.Joined(
        some("certificate", joined.getCertificate(), Bounds.CERTIFICATE_BYTES),
        some("authority", joined.getAuthority(), Bounds.CERTIFICATE_BYTES),
        bytes("authority key", joined.getAuthorityKey(), Bounds.CERTIFICATE_BYTES),
        bytes("configuration", joined.getConfiguration(), Bounds.CONFIGURATION_BYTES));
  }

  private static void checkPayload(StepsCodec steps, ByteBuffer payload) throws ProtocolException {
    if (steps.literalBytes() != payload.remaining()) {
      throw new ProtocolException(
          "literals of " + steps.literalBytes() + " bytes in a payload of " + payload.remaining());
    }
  }

  private static Lineage lineage(List<Long> packed) throws ProtocolException {
    if (packed.size() > Bounds.LINEAGE_ENDS) {
      throw new ProtocolException("a lineage of " + packed.size() + " epochs");
    }
    return new Lineage(packed.stream().map(Position::unpack).toList());
  }

  private static Frame.Mode mode(org.hotspare.wire.proto.Mode mode) throws ProtocolException {
    return switch (mode) {
      case FIRST_COPY -> Frame.Mode.FIRST_COPY;
      case CHANGES -> Frame.Mode.CHANGES;
      case INVENTORY -> Frame.Mode.INVENTORY;
      case MODE_UNSPECIFIED, UNRECOGNIZED -> throw new ProtocolException("an unknown mode");
    };
  }

  private static List<Frame.PathProblem> problems(List<org.hotspare.wire.proto.PathProblem> encoded)
      throws ProtocolException {
    if (encoded.size() > Bounds.PROBLEMS) {
      throw new ProtocolException(encoded.size() + " problems, more than " + Bounds.PROBLEMS);
    }
    List<Frame.PathProblem> problems = new ArrayList<>(encoded.size());
    for (var problem : encoded) {
      problems.add(
          new Frame.PathProblem(
              bytes("path", problem.getPath(), Bounds.PATH_BYTES),
              PlainText.sentence(problem.getReason())));
    }
    return problems;
  }

  private static String name(String what, String text) throws ProtocolException {
    if (!PlainText.isName(text)) {
      throw new ProtocolException("\"" + PlainText.sentence(text) + "\" does not name a " + what);
    }
    return text;
  }

  private static Bytes bytes(String what, ByteString bytes, int most) throws ProtocolException {
    if (bytes.size() > most) {
      throw new ProtocolException("a " + what + " of " + bytes.size() + " bytes");
    }
    return EntryCodec.decode(bytes);
  }

  private static Bytes some(String what, ByteString bytes, int most) throws ProtocolException {
    if (bytes.isEmpty()) {
      throw new ProtocolException("an empty " + what);
    }
    return bytes(what, bytes, most);
  }

  private static long count(String what, long value) throws ProtocolException {
    if (value < 0) {
      throw new ProtocolException("a negative number of " + what);
    }
    return value;
  }

  static long epoch(long value) throws ProtocolException {
    if (value < 0 || value > Position.MAX_EPOCH) {
      throw new ProtocolException("an epoch of " + value);
    }
    return value;
  }
}
