package org.hotspare.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.hotspare.testing.Background;
import org.hotspare.testing.Command;

/**
 * Questions that the client of a {@link Site} asks without pause: by traffic ({@code
 * gate_traffic.py}) and by ARP for the service address ({@code address_claims.py}). Who answered
 * when is told in the end. Both data nodes serve the traffic meanwhile.
 */
final class Questions implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int INTERVAL_MILLIS = 5;
  private static final String READY = "ready";

  private final List<Background> programs = new ArrayList<>();
  private final Background traffic;
  private final Background claims;

  private Questions(Site site, String... targets) throws InterruptedException {
    for (String node : Trio.DATA_NODES) {
      awaitReady(begin(site, node, Command.script("gate_traffic", "serve")));
    }
    List<Object> arguments = new ArrayList<>(List.of("observe", INTERVAL_MILLIS));
    arguments.addAll(List.of(targets));
    traffic = begin(site, Site.CLIENT, Command.script("gate_traffic", arguments.toArray()));
    claims =
        begin(
            site,
            Site.CLIENT,
            Command.script(
                "address_claims",
                "ask",
                "eth0",
                site.network().address(Site.CLIENT),
                Site.ADDRESS));
  }

  /**
   * Asks from now on.
   *
   * @param targets as of {@code gate_traffic.py}; those for which a connection is made before have
   *     to answer now
   */
  static Questions to(Site site, String... targets) throws InterruptedException {
    Questions questions = new Questions(site, targets);
    awaitReady(questions.traffic);
    awaitReady(questions.claims);
    return questions;
  }

  /** What answers to ARP are named. */
  static String arp(String hardware) {
    return "arp=" + hardware;
  }

  private Background begin(Site site, String host, List<String> command) {
    Background program = site.background(host, command);
    programs.add(program);
    return program;
  }

  private static void awaitReady(Background program) throws InterruptedException {
    TestPair.await("it asks or serves", () -> program.lines().contains(READY));
  }

  /** Asks no more. */
  Answers finish() {
    List<Answer> all = new ArrayList<>();
    for (String line : traffic.finish(LIMIT)) {
      String[] words = line.split(" ", -1);
      if (words.length == 3 && !words[2].equals("0")) {
        all.add(new Answer(words[0], Long.parseLong(words[2])));
      }
    }
    for (String line : claims.finish(LIMIT)) {
      String[] words = line.split(" ", -1);
      if (words.length == 2) {
        all.add(new Answer(arp(words[0]), Long.parseLong(words[1])));
      }
    }
    all.sort(Comparator.comparingLong(Answer::nanos));
    return new Answers(all);
  }

  @Override
  public void close() {
    programs.reversed().forEach(Background::close);
  }

  /**
   * @param name of what was asked, or of who answered to ARP
   * @param nanos of {@link System#nanoTime}
   */
  record Answer(String name, long nanos) {}

  /**
   * @param all in their order
   */
  record Answers(List<Answer> all) {
    Answers from(String... names) {
      Set<String> wanted = Set.of(names);
      return new Answers(all.stream().filter(answer -> wanted.contains(answer.name())).toList());
    }

    Answers without(Answers others) {
      Set<String> left = others.names();
      return new Answers(all.stream().filter(answer -> !left.contains(answer.name())).toList());
    }

    Set<String> names() {
      Set<String> names = new TreeSet<>();
      all.forEach(answer -> names.add(answer.name()));
      return names;
    }

    long firstNanos() {
      return all.getFirst().nanos();
    }

    long lastNanos() {
      return all.getLast().nanos();
    }

    /** Milliseconds from then to the first one. */
    long first(long sinceNanos) {
      return TimeUnit.NANOSECONDS.toMillis(firstNanos() - sinceNanos);
    }

    long last(long sinceNanos) {
      return TimeUnit.NANOSECONDS.toMillis(lastNanos() - sinceNanos);
    }

    /** Between those two times. */
    long longestSilenceMillis(long sinceNanos, long untilNanos) {
      long before = sinceNanos;
      long longest = 0;
      for (Answer answer : all) {
        if (answer.nanos() > before && answer.nanos() < untilNanos) {
          longest = Math.max(longest, answer.nanos() - before);
          before = answer.nanos();
        }
      }
      return TimeUnit.NANOSECONDS.toMillis(Math.max(longest, untilNanos - before));
    }
  }
}
