package org.hotspare.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.lease.ClusterRecord;
import org.hotspare.lease.FoundedRecord;
import org.hotspare.lease.Founding;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.lease.LeaseTimes;
import org.hotspare.lease.PeerLinks;
import org.hotspare.tree.Bytes;
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

  /** How much longer than a lease a node that was started may take to hear of another record. */
  private static final Duration LISTENING = Duration.ofSeconds(5);

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
   * @param record told what it is whenever that may have changed; must not block
   * @param voting told when others vote than before; must not block
   * @param problem told if this node votes no more, or if others cannot vote; must not block
   */
  record Listeners(
      LeaseLoop.Listener lease,
      Consumer<ClusterRecord.Version> record,
      Consumer<String> voting,
      Consumer<String> problem,
      Reporting reporting) {}

  private final PeerLinks peers;
  private final LeaseLoop lease;
  private final FoundedRecord record;
  private final Reunion reunion;

  private Membership(PeerLinks peers, LeaseLoop lease, FoundedRecord record, Reunion reunion) {
    this.peers = peers;
    this.lease = lease;
    this.record = record;
    this.reunion = reunion;
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
    CompletableFuture<LeaseLoop> voting = new CompletableFuture<>();
    CompletableFuture<PeerLinks> linked = new CompletableFuture<>();
    SameVoters voters =
        new SameVoters(
            configuration.voters(),
            difference -> {
              voting.join().withdraw(difference);
              LOG.error("{}", difference);
              listeners.problem.accept(difference);
            });
    FoundedRecord record =
        FoundedRecord.open(
            configuration.cluster(),
            self.name(),
            configuration.voters(),
            state,
            ClusterRecord.Elections.beside(times.duration()),
            (node, subject, content) -> {
              voters.requireStill();
              return linked.join().call(node, subject, content);
            },
            new OfRecord(voters, voting, listeners.record));
    if (!record.founding().isAlone()) {
      voters.require(record.current().roles());
    }
    PeerLinks peers =
        new PeerLinks(
            configuration.othersThan(self),
            connecting,
            (from, subject, content) -> answer(from, subject, content, voters, record, listeners),
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
      lease.yieldTo(record.founding().members(), "the agent begins");
      if (!configuration.voters().equals(Set.of(self.name()))) {
        lease.listen(times.duration().plus(LISTENING));
      }
      voting.complete(lease);
      linked.complete(peers);
      record.start();
      peers.start();
      Reunion reunion =
          new Reunion(
              self.name(),
              configuration.voters(),
              record,
              lease,
              listeners.voting,
              listeners.problem);
      return new Membership(peers, lease, record, reunion);
    } catch (IOException | RuntimeException e) {
      lease.close();
      peers.close();
      throw e;
    }
  }

  /** Who decides alone names nobody else; then the file does not count. */
  private record OfRecord(
      SameVoters voters,
      CompletableFuture<LeaseLoop> voting,
      Consumer<ClusterRecord.Version> listener)
      implements FoundedRecord.Listener {
    @Override
    public void founded(Founding founding, boolean adopted) {
      // Who shares its own record counts by all of them already.
      if (adopted || founding.isAlone()) {
        voting.join().yieldTo(founding.members(), founding.founder() + " founded another record");
      }
    }

    @Override
    public void changed(Founding founding, ClusterRecord.Version version) {
      if (!founding.isAlone()) {
        voters.learn(version.roles());
      }
      listener.accept(version);
    }
  }

  private static Bytes answer(
      String from,
      Subject subject,
      Bytes content,
      SameVoters voters,
      FoundedRecord record,
      Listeners listeners)
      throws IOException {
    if (subject == Subject.REPORT) {
      return listeners.reporting.exchange(from, content);
    }
    voters.requireStill();
    return record.answer(from, subject, content);
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

  /** Another node told that of itself. */
  void hear(String node, ReportCodec.Told told) {
    reunion.hear(node, told.founding(), told.report().epoch());
  }

  LeaseLoop lease() {
    return lease;
  }

  FoundedRecord record() {
    return record;
  }

  @Override
  public void close() throws IOException {
    reunion.close();
    peers.close();
    record.close();
    lease.close();
  }
}
