package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's part in what the members of a cluster keep together: links, record and lease.
 *
 * <p>Invariant: it votes, for the lease as for the record, only by a file that names the voters of
 * the newest record that it knows of.
 */
final class Membership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

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

  /**
   * Those who are told what becomes of record and lease.
   *
   * @param problem told once, if this node votes no more; must not block
   */
  record Listeners(
      LeaseLoop.Listener lease,
      Consumer<ClusterRecord.Version> record,
      Consumer<String> problem,
      Reporting reporting) {}

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
   * @throws IOException if what this node remembers cannot be read, or names other voters than the
   *     configuration
   */
  static Membership start(
      Configuration configuration,
      Node self,
      LeaseTimes times,
      LeaseLoop.Gate gate,
      PeerLinks.Connecting connecting,
      Listeners listeners)
      throws IOException {
    Path state = configuration.state();
    Path directory = state.resolve("record");
    CompletableFuture<LeaseLoop> voting = new CompletableFuture<>();
    SameVoters voters =
        new SameVoters(
            configuration.voters(),
            difference -> {
              voting.join().withdraw(difference);
              LOG.error("{}", difference);
              listeners.problem.accept(difference);
            });
    voters.require(ClusterRecord.remembered(directory).roles());
    CompletableFuture<ClusterRecord> recording = new CompletableFuture<>();
    PeerLinks peers =
        new PeerLinks(
            configuration.othersThan(self),
            connecting,
            (from, subject, content) ->
                answer(from, subject, content, voters, recording, listeners),
            (from, word) -> {
              // Before that it has no vote: the word is said again.
              if (voting.isDone()) {
                voting.join().hear(from, word);
              }
            },
            PATIENCE);
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
      WorkDirectories.createPrivate(directory);
      ClusterRecord record =
          ClusterRecord.start(
              configuration.cluster(),
              self.name(),
              configuration.voters(),
              directory,
              ClusterRecord.Elections.beside(times.duration()),
              (node, subject, content) -> {
                voters.requireStill();
                return peers.call(node, subject, content);
              },
              version -> {
                voters.learn(version.roles());
                listeners.record.accept(version);
              });
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
      SameVoters voters,
      CompletableFuture<ClusterRecord> recording,
      Listeners listeners)
      throws IOException {
    if (subject == Subject.REPORT) {
      return listeners.reporting.exchange(from, content);
    }
    voters.requireStill();
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
