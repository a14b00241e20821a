package org.hotspare.lease;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.regex.Pattern;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.hotspare.tree.Bytes;
import org.hotspare.wire.Frame.Subject;

/**
 * Lets the consensus engine talk over the cluster's own links, so that it needs no port, no
 * certificates and no threads of its own for that.
 */
public final class PeerRpc implements RpcType {
  private static final Pattern REQUEST = Pattern.compile("[A-Za-z0-9-]{1,64}");
  private static final Pattern SNAPSHOT = Pattern.compile("(sm/)?snapshot\\.[0-9]+_[0-9]+");
  private static final String PEERS = "hotspare.peers";

  static Parameters parameters(Peers peers) {
    Parameters parameters = new Parameters();
    parameters.put(PEERS, peers, Peers.class);
    return parameters;
  }

  @Override
  public String name() {
    return PeerRpc.class.getName();
  }

  @Override
  public RpcFactory newFactory(Parameters parameters) {
    return new Factory(parameters.getNonNull(PEERS, Peers.class));
  }

  private record Factory(Peers peers) implements ServerFactory {
    @Override
    public RpcType getRpcType() {
      return new PeerRpc();
    }

    @Override
    public RaftServerRpc newRaftServerRpc(RaftServer server) {
      return new Calls(peers);
    }
  }

  /** What another member asks of this one's engine. */
  static Bytes answer(RaftServer server, String from, Subject subject, Bytes content)
      throws IOException {
    return switch (subject) {
      case VOTE -> {
        var request = RequestVoteRequestProto.parseFrom(content.array());
        requireFrom(from, request.getServerRequest());
        yield Bytes.wrap(server.requestVote(request).toByteArray());
      }
      case APPEND -> {
        var request = AppendEntriesRequestProto.parseFrom(content.array());
        requireFrom(from, request.getServerRequest());
        yield Bytes.wrap(server.appendEntries(request).toByteArray());
      }
      case SNAPSHOT -> {
        var request = InstallSnapshotRequestProto.parseFrom(content.array());
        requireFrom(from, request.getServerRequest());
        requireContained(request);
        yield Bytes.wrap(server.installSnapshot(request).toByteArray());
      }
      case ELECTION -> {
        var request = StartLeaderElectionRequestProto.parseFrom(content.array());
        requireFrom(from, request.getServerRequest());
        yield Bytes.wrap(server.startLeaderElection(request).toByteArray());
      }
      case WRITE, REPORT -> throw new IllegalArgumentException("not for the engine");
    };
  }

  /** Nobody speaks for another member. */
  private static void requireFrom(String from, RaftRpcRequestProto request) throws IOException {
    if (!request.getRequestorId().equals(ByteString.copyFromUtf8(from))) {
      throw new IOException("node " + from + " asks as another");
    }
  }

  /** The engine makes paths of what a snapshot's request says. */
  private static void requireContained(InstallSnapshotRequestProto request) throws IOException {
    var chunk = request.getSnapshotChunk();
    boolean contained =
        !request.hasSnapshotChunk()
            || (REQUEST.matcher(chunk.getRequestId()).matches()
                && chunk.getFileChunksList().stream()
                    .allMatch(file -> SNAPSHOT.matcher(file.getFilename()).matches()));
    if (!contained) {
      throw new IOException("a snapshot with a strange name");
    }
  }

  private record Calls(Peers peers) implements RaftServerRpc {
    @Override
    public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
      return RequestVoteReplyProto.parseFrom(
          call(request.getServerRequest(), Subject.VOTE, request.toByteArray()));
    }

    @Override
    public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request)
        throws IOException {
      return AppendEntriesReplyProto.parseFrom(
          call(request.getServerRequest(), Subject.APPEND, request.toByteArray()));
    }

    @Override
    public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request)
        throws IOException {
      return InstallSnapshotReplyProto.parseFrom(
          call(request.getServerRequest(), Subject.SNAPSHOT, request.toByteArray()));
    }

    @Override
    public StartLeaderElectionReplyProto startLeaderElection(
        StartLeaderElectionRequestProto request) throws IOException {
      return StartLeaderElectionReplyProto.parseFrom(
          call(request.getServerRequest(), Subject.ELECTION, request.toByteArray()));
    }

    private byte[] call(RaftRpcRequestProto about, Subject subject, byte[] request)
        throws IOException {
      String to = RaftPeerId.valueOf(about.getReplyId()).toString();
      return peers.call(to, subject, Bytes.wrap(request)).array();
    }

    @Override
    public RpcType getRpcType() {
      return new PeerRpc();
    }

    /** The engine asks for one and does not use it. */
    @Override
    public InetSocketAddress getInetSocketAddress() {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Override
    public void start() {}

    @Override
    public void handleException(RaftPeerId peer, Exception exception, boolean reconnect) {}

    @Override
    public void addRaftPeers(Collection<RaftPeer> added) {}

    @Override
    public void close() {}
  }
}
