package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.lease.LeaseTimes;
import org.hotspare.lease.PeerLinks;
import org.hotspare.tree.Bytes;
import org.hotspare.watch.WorkDirectories;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Frame.Subject;
import org.hotspare.wire.Link;

/** This node's part in what the members of a cluster keep together: links, record and lease. */
final class Membership implements AutoCloseable {
  /** How long one question may take: the record's engine asks again. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** What others ask of this node beside the record. */
  @FunctionalInterface
  interface Reporting {
    /**
     * @param report what the other node tells of itself
     * @return what this one tells
     */
    Bytes exchange(String from, Bytes report) throws IOException;
  }

  /** Those who are told what becomes of record and lease. */
  record Listeners(
      LeaseLoop.Listener lease, Consumer<ClusterRecord.Version> record, Reporting reporting) {}

  private final PeerLinks peers;
  private final LeaseLoop lease;
  private final ClusterRecord record;

  private Membership(PeerLinks peers, LeaseLoop lease, ClusterRecord record) {
    this.peers = peers;
    this.lease = lease;
    this.record = record;
  }

  /**
   * Takes part from now on.
   *
   * @param connecting makes a link to another node
   * @throws IOException if what this node remembers cannot be read
   */
  static Membership start(
      Configuration configuration,
      Node self,
      LeaseTimes times,
      LeaseLoop.Gate gate,
      PeerLinks.Connecting connecting,
      Listeners listeners)
      throws IOException {
    Set<String> others = new TreeSet<>(configuration.nodes().keySet());
    others.remove(self.name());
    CompletableFuture<ClusterRecord> recording = new CompletableFuture<>();
    CompletableFuture<LeaseLoop> voting = new CompletableFuture<>();
    PeerLinks peers =
        new PeerLinks(
            others,
            connecting,
            (from, subject, content) -> answer(from, subject, content, recording, listeners),
            (from, word) -> {
              // Before that it has no vote: the word is said again.
              if (voting.isDone()) {
                voting.join().hear(from, word);
              }
            },
            PATIENCE);
    Path state = configuration.state();
    LeaseLoop lease =
        LeaseLoop.start(
            self.name(),
            configuration.voters(),
            times,
            state.resolve("promise"),
            gate,
            listeners.lease,
            peers);
    try {
      voting.complete(lease);
      Path directory = state.resolve("record");
      WorkDirectories.createPrivate(directory);
      ClusterRecord record =
          ClusterRecord.start(
              configuration.cluster(),
              self.name(),
              configuration.voters(),
              directory,
              ClusterRecord.Elections.DEFAULT,
              peers,
              listeners.record);
      recording.complete(record);
      peers.start();
      return new Membership(peers, lease, record);
    } catch (IOException | RuntimeException e) {
      lease.close();
      peers.close();
      throw e;
    }
  }

  private static Bytes answer(
      String from,
      Subject subject,
      Bytes content,
      CompletableFuture<ClusterRecord> recording,
      Listeners listeners)
      throws IOException {
    if (subject == Subject.REPORT) {
      return listeners.reporting.exchange(from, content);
    }
    if (!recording.isDone()) {
      throw new IOException("the record is being opened");
    }
    return recording.join().answer(from, subject, content);
  }

  /** Hears and answers what another node says over a link that it made, until that ends. */
  void serve(Link link, Frame first) throws IOException {
    peers.serve(link, first);
  }

  /**
   * Tells another node how this one is.
   *
   * @return how that one is
   */
  Bytes report(String node, Bytes own) throws IOException {
    return peers.call(node, Subject.REPORT, own);
  }

  LeaseLoop lease() {
    return lease;
  }

  ClusterRecord record() {
    return record;
  }

  @Override
  public void close() throws IOException {
    peers.close();
    record.close();
    lease.close();
  }
}
