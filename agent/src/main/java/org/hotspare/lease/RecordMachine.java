package org.hotspare.lease;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.hotspare.lease.proto.Record;
import org.hotspare.lease.proto.Write;
import org.hotspare.lease.proto.WriteResult;
import org.hotspare.wire.DurableFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The record as the log of the consensus engine leads to it: every member applies the same writes
 * in the same order.
 */
final class RecordMachine extends BaseStateMachine {
  private static final Logger LOG = LoggerFactory.getLogger(RecordMachine.class);

  /** Writes that were tried again after others came between are known by their tokens. */
  private static final int TOKENS = 32;

  private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
  private final ClusterRecord.Listener listener;
  private volatile Record record;

  /**
   * @param begun from where the log leads on
   * @param listener told by the engine's own threads, of new versions in their order
   */
  RecordMachine(ClusterRecord.Version begun, ClusterRecord.Listener listener) {
    this.record = RecordCodec.encode(begun);
    this.listener = listener;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage)
      throws IOException {
    super.initialize(server, group, raftStorage);
    getLifeCycle()
        .startAndTransition(
            () -> {
              storage.init(raftStorage);
              load();
            },
            IOException.class);
  }

  /** Before a snapshot of another member is put in place. */
  @Override
  public void pause() {
    if (getLifeCycleState() != LifeCycle.State.RUNNING) {
      return;
    }
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  /** After that. */
  @Override
  public void reinitialize() throws IOException {
    getLifeCycle().startAndTransition(this::load, IOException.class);
  }

  private void load() throws IOException {
    SingleFileSnapshotInfo snapshot = storage.loadLatestSnapshot();
    if (snapshot == null) {
      return;
    }
    Path file = snapshot.getFile().getPath();
    MD5Hash digest = snapshot.getFile().getFileDigest();
    if (digest == null || !MD5FileUtil.computeMd5ForFile(file.toFile()).equals(digest)) {
      throw new IOException("the snapshot " + file + " of the cluster's record is damaged");
    }
    record = Record.parseFrom(Files.readAllBytes(file));
    setLastAppliedTermIndex(snapshot.getTermIndex());
    tell(RecordCodec.decode(record));
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return storage;
  }

  @Override
  public long takeSnapshot() throws IOException {
    TermIndex applied;
    byte[] content;
    synchronized (this) {
      applied = getLastAppliedTermIndex();
      content = record.toByteArray();
    }
    File file = storage.getSnapshotFile(applied.getTerm(), applied.getIndex());
    // The engine throws away the log before it.
    DurableFile.write(file.toPath(), content, DurableFile.SECRET);
    MD5Hash digest = digest(file);
    storage.updateLatestSnapshot(
        new SingleFileSnapshotInfo(new FileInfo(file.toPath(), digest), applied));
    return applied.getIndex();
  }

  private static MD5Hash digest(File file) throws IOException {
    try {
      return MD5FileUtil.computeAndSaveMd5ForFile(file);
    } catch (IllegalStateException e) {
      // Of a full disk, for example; thrown on, it would end the engine.
      throw new IOException("no checksum of " + file, e);
    }
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto entry = Objects.requireNonNull(transaction.getLogEntry());
    WriteResult result;
    synchronized (this) {
      result = apply(entry.getStateMachineLogEntry().getLogData());
      updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
    }
    return CompletableFuture.completedFuture(
        Message.valueOf(ByteString.copyFrom(result.toByteArray())));
  }

  /** The same on every member, whatever the log holds: what breaks the rules is not written. */
  private WriteResult apply(ByteString entry) {
    Write write;
    Roles roles;
    try {
      write = Write.parseFrom(entry.asReadOnlyByteBuffer());
      roles = RecordCodec.decode(write.getRoles());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.error("a write of the cluster's record breaks the rules and is passed over", e);
      return WriteResult.newBuilder().setRecord(record).build();
    }
    Record before = record;
    boolean again = before.getTokensList().contains(write.getToken());
    boolean written = !again && write.getVersion() == before.getVersion();
    if (written) {
      Record.Builder after =
          Record.newBuilder().setVersion(before.getVersion() + 1).setRoles(write.getRoles());
      int kept = Math.min(before.getTokensCount(), TOKENS - 1);
      after.addAllTokens(
          before.getTokensList().subList(before.getTokensCount() - kept, before.getTokensCount()));
      record = after.addTokens(write.getToken()).build();
      tell(new ClusterRecord.Version(record.getVersion(), roles));
    }
    return WriteResult.newBuilder().setWritten(written || again).setRecord(record).build();
  }

  /** Nothing that goes wrong there may stop the engine. */
  private void tell(ClusterRecord.Version version) {
    try {
      listener.changed(version);
    } catch (RuntimeException e) {
      LOG.error("version {} of the cluster's record was not taken notice of", version.number(), e);
    }
  }

  // ---- what befalls the engine

  @Override
  public void notifyLogFailed(Throwable cause, LogEntryProto failedEntry) {
    LOG.error("the log of the cluster's record cannot be written: it is opened again", cause);
    listener.logFailed();
  }
}
