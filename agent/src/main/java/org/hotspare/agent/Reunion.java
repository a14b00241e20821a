package org.hotspare.agent;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.hotspare.lease.FoundedRecord;
import org.hotspare.lease.Founding;
import org.hotspare.lease.LeaseLoop;
import org.hotspare.lease.Roles;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the nodes under one founding of the record again. Each tells the others all the time by
 * which one it goes. Who hears of one whose record has a higher epoch adopts it, and takes no part
 * in votes until its founder shares it. That does so once all voters have adopted it.
 *
 * <p>Invariant: nobody but the founder votes by its founding before the founder's lease counts by
 * the majority of all: whoever is endorsed then shares a voter with that.
 */
final class Reunion implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reunion.class);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);

  /** Who told something longer ago may be off. */
  private static final long FRESH_NANOS = 3_000_000_000L;

  /** Far beyond what a cluster ever gets to, and far below what overflows. */
  private static final long HIGHEST_EPOCH = 1L << 40;

  /** Until another founding is adopted, which ends it. */
  private static final Duration UNTIL_ADOPTED = Duration.ofDays(365);

  /** Those who agree to this node's lease do so several times within it. */
  private static final long AGREEING_SECONDS = 5;

  /**
   * What another node told last.
   *
   * @param founding null for the first
   * @param epoch of its record, as that node knows it
   */
  private record Told(@Nullable Founding founding, long epoch, long atNanos) {
    boolean goesBy(Founding own) {
      return founding == null ? own.isFirst() : founding.isSame(own);
    }

    boolean isFresh() {
      return System.nanoTime() - atNanos < FRESH_NANOS;
    }
  }

  private final String self;
  private final Set<String> voters;
  private final FoundedRecord record;
  private final LeaseLoop lease;
  private final Consumer<String> news;
  private final Consumer<String> problem;
  private final Map<String, Told> told = new ConcurrentHashMap<>();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean busy = new AtomicBoolean();
  private final AtomicBoolean heardAll = new AtomicBoolean();
  private final ExecutorService work =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("reunion").factory());

  /**
   * @param news told when others vote than before
   * @param problem told what keeps it from being done
   */
  Reunion(
      String self,
      Set<String> voters,
      FoundedRecord record,
      LeaseLoop lease,
      Consumer<String> news,
      Consumer<String> problem) {
    this.self = self;
    this.voters = Set.copyOf(voters);
    this.record = record;
    this.lease = lease;
    this.news = news;
    this.problem = problem;
  }

  /** Who decides alone, in words; empty where a majority does. */
  static String words(Founding founding, Set<String> voters) {
    if (!founding.isAlone() || founding.members().containsAll(voters)) {
      return "";
    }
    return "%s decides alone since %s; %s counted as off then"
        .formatted(
            founding.founder(),
            TIME.format(Instant.ofEpochSecond(founding.sinceSeconds())),
            String.join(", ", others(voters, founding.founder())));
  }

  private static Set<String> others(Set<String> voters, String than) {
    Set<String> others = new TreeSet<>(voters);
    others.remove(than);
    return others;
  }

  /**
   * Another node told by which founding it goes; any thread.
   *
   * @param founding null for the first
   * @param epoch of the record as it knows it
   */
  void hear(String node, @Nullable Founding founding, long epoch) {
    if (founding != null && !isPossible(founding)) {
      refuse(node, founding);
      return;
    }
    told.put(node, new Told(founding, epoch, System.nanoTime()));
    if (founding != null && isToBeAdopted(founding, epoch)) {
      begin(() -> adopt(founding, epoch));
      return;
    }
    boolean all = told.keySet().containsAll(others(voters, self));
    if (all && heardAll.compareAndSet(false, true)) {
      lease.heardAll();
    }
    if (isToBeShared()) {
      begin(this::share);
    }
  }

  /** Nothing else is ever founded in this cluster, as its configuration is here. */
  private boolean isPossible(Founding founding) {
    Set<String> members = founding.members();
    Roles roles = founding.begun().roles();
    return voters.contains(founding.founder())
        && voters.contains(roles.primary())
        && (founding.isAlone() || members.equals(voters))
        && roles.voters().equals(members)
        && founding.begun().number() > 0
        && founding.epoch() <= HIGHEST_EPOCH;
  }

  private void refuse(String node, Founding founding) {
    if (refused.add(node)) {
      problem.accept(
          "%s tells of a record of %s for epoch %d that this cluster cannot have: it is not heeded"
              .formatted(node, founding.members(), founding.epoch()));
    }
  }

  /** One after the other; what is not begun is heard again. */
  private void begin(Runnable change) {
    if (!busy.compareAndSet(false, true)) {
      return;
    }
    try {
      work.execute(
          () -> {
            try {
              change.run();
            } catch (RuntimeException e) {
              LOG.error("going by another record failed; trying again", e);
            } finally {
              busy.set(false);
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("the agent ends");
    }
  }

  // ---- another node's

  /** The higher epoch counts; of two equal ones, as among primaries, the first by name. */
  private boolean isToBeAdopted(Founding other, long epoch) {
    Founding own = record.founding();
    long known =
        told.values().stream()
            .filter(last -> last.goesBy(own))
            .mapToLong(Told::epoch)
            .reduce(record.current().roles().epoch(), Math::max);
    long theirs = Math.max(epoch, other.epoch());
    boolean first = own.isFirst() || other.founder().compareTo(own.founder()) < 0;
    // What was told of the one before by its founder may be as high: that one has ended.
    boolean next = other.founder().equals(own.founder()) && other.epoch() > own.epoch();
    return !other.isSame(own) && (next || theirs > known || (theirs == known && first));
  }

  private void adopt(Founding other, long epoch) {
    if (!isToBeAdopted(other, epoch)) {
      return;
    }
    // Who knows of it helps nobody by the one before, also where this fails at first.
    lease.listen(UNTIL_ADOPTED);
    try {
      record.adopt(other);
      String alone = words(other, voters);
      news.accept(
          alone.isEmpty()
              ? "by the record that %s founded a majority of %s decides again"
                  .formatted(other.founder(), String.join(", ", other.members()))
              : alone + ": this node has no vote until all of them are back");
    } catch (IOException e) {
      LOG.error("the record that {} founded could not be adopted", other.founder(), e);
      problem.accept(
          "the record that %s founded could not be adopted; trying again: %s"
              .formatted(other.founder(), e.getMessage()));
    }
  }

  // ---- this node's own

  /**
   * Whether all voters go by this node's founding. Not before it was promoted in it: the next one
   * needs a higher epoch.
   */
  private boolean isToBeShared() {
    Founding own = record.founding();
    boolean alone = own.isAlone() && own.founder().equals(self) && !own.members().equals(voters);
    return alone
        && voters.contains(self)
        && record.current().roles().epoch() > own.epoch()
        && others(voters, self).stream()
            .map(told::get)
            .allMatch(last -> last != null && last.isFresh() && last.goesBy(own));
  }

  private void share() {
    Founding own = record.founding();
    try {
      lease.countBy(voters).get(AGREEING_SECONDS, TimeUnit.SECONDS);
      if (isToBeShared()) {
        record.share(voters, System.currentTimeMillis() / 1000);
        news.accept(
            "%s are back: from now on a majority of %s decides again"
                .formatted(
                    String.join(", ", others(voters, self)),
                    String.join(", ", new TreeSet<>(voters))));
        return;
      }
    } catch (TimeoutException e) {
      LOG.info("not all voters agree to this node's lease yet");
    } catch (IOException | ExecutionException e) {
      LOG.error("the record could not be shared", e);
      problem.accept(
          "the record could not be shared with all voters again; trying again: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Nobody else votes yet.
    var _ = lease.countBy(own.members());
  }

  @Override
  public void close() {
    work.shutdownNow();
  }
}
