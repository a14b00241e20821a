package org.hotspare.takeover;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.hotspare.linux.NetfilterBatch;

/**
 * A process with gates: does what the lines of its input say, each {@code CLUSTER VERB …}, and
 * answers each with a line that begins with {@code =}. Lines that begin with {@code step} tell what
 * it does and when, by {@link System#nanoTime}, which is CLOCK_MONOTONIC: before a step, and once
 * more when that is done. Others are what it logs.
 */
final class GateMain {
  /** Of a table; no kernel has it. */
  private static final int UNKNOWN_FLAG = 1 << 20;

  private final Orders orders = Orders.read();
  private final Map<String, Gate> gates = new HashMap<>();
  private final PrintStream out = System.out;

  /** The last round of each cluster's gate. */
  private final Map<String, Long> rounds = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    GateMain main = new GateMain();
    main.out.println("= ready");
    main.run();
  }

  private void run() throws InterruptedException {
    for (String order = orders.take(); !order.isEmpty(); order = orders.take()) {
      String[] words = order.split(" ", -1);
      String answer;
      try {
        answer = perform(words[0], words[1], Arrays.copyOfRange(words, 2, words.length));
      } catch (IOException | IllegalArgumentException failed) {
        answer = "failed: " + failed;
      }
      out.println("= " + answer);
    }
  }

  private String perform(String cluster, String verb, String[] words)
      throws IOException, InterruptedException {
    Gate gate = gates.get(cluster);
    if (verb.equals("forget")) {
      gates.values().forEach(Gate::close);
      gates.clear();
      rounds.clear();
      return "done";
    }
    if (gate == null || verb.equals("open")) {
      return reopen(cluster, words);
    }
    if (verb.equals("reopen")) {
      for (int times = Integer.parseInt(words[0]); times > 0; times--) {
        reopen(cluster, Arrays.copyOfRange(words, 1, words.length));
      }
      return "done";
    }
    long[] numbers = Arrays.stream(words).mapToLong(Long::parseLong).toArray();
    switch (verb) {
      case "arm" -> arm(cluster, gate, numbers[0], numbers[1], numbers[2]);
      case "select-and-arm" -> {
        return String.valueOf(
            gate.selectAndArm(
                numbers[0], numbers[1], numbers[2], TimeUnit.MILLISECONDS.toNanos(numbers[3])));
      }
      case "hold" -> gate.hold(numbers[0]);
      case "select" -> {
        return String.valueOf(select(cluster, gate, numbers[0], numbers[1]));
      }
      case "renew" -> renew(cluster, gate, numbers[0], numbers[1], numbers[2]);
      case "random" -> random(cluster, gate, numbers[0], numbers[1], numbers[2], numbers[3]);
      case "shut" -> gate.shut();
      case "lost" -> {
        return String.valueOf(gate.isLost());
      }
      case "close" -> gate.close();
      case "remove" -> gate.remove();
      default -> throw new IllegalArgumentException(verb);
    }
    return "done";
  }

  private String reopen(String cluster, String[] words) throws IOException {
    Gate before = gates.remove(cluster);
    if (before != null) {
      before.close();
    }
    Gate gate = open(cluster, words);
    gates.put(cluster, gate);
    rounds.put(cluster, 0L);
    return (gate.isOwned() ? "owned" : "plain") + (gate.isHeld() ? " held" : "");
  }

  /**
   * {@code HOW ADDRESS,… PORT,…}, with {@code -} for none. {@code HOW} is {@code owned}, {@code
   * plain} for what an older kernel can, or {@code foreign} for what this kernel cannot; and {@code
   * -kept} behind it.
   */
  private static Gate open(String cluster, String[] words) throws IOException {
    Set<Integer> ports = list(words[2]).stream().map(Integer::valueOf).collect(Collectors.toSet());
    int flags =
        switch (words[0].replace("-kept", "")) {
          case "owned" -> NetfilterBatch.OWNED;
          case "plain" -> 0;
          default -> NetfilterBatch.OWNED | UNKNOWN_FLAG;
        };
    return Gate.open(cluster, addresses(list(words[1])), ports, flags, words[0].endsWith("-kept"));
  }

  private static Set<String> list(String words) {
    return words.equals("-") ? Set.of() : Set.of(words.split(",", -1));
  }

  private static Set<InetAddress> addresses(Set<String> names) throws UnknownHostException {
    Set<InetAddress> addresses = new LinkedHashSet<>();
    for (String name : names) {
      addresses.add(InetAddress.getByName(name));
    }
    return addresses;
  }

  private void arm(String cluster, Gate gate, long epoch, long round, long millis)
      throws IOException {
    rounds.merge(cluster, round, Math::max);
    GateSteps.Step begun = GateSteps.Step.begin("arm", epoch, round, millis);
    tell(cluster, begun);
    gate.arm(epoch, round, TimeUnit.MILLISECONDS.toNanos(millis));
    tell(cluster, begun.done(System.nanoTime()));
  }

  private boolean select(String cluster, Gate gate, long epoch, long round) throws IOException {
    GateSteps.Step begun = GateSteps.Step.begin("select", epoch, round, 0);
    tell(cluster, begun);
    boolean done = gate.select(epoch, round);
    tell(cluster, done ? begun.done(System.nanoTime()) : begun.leftUndone());
    return done;
  }

  private void tell(String cluster, GateSteps.Step step) {
    out.println("step " + cluster + " " + step.text());
  }

  /** Renews every {@code everyMillis}, until there is another order. */
  private void renew(String cluster, Gate gate, long epoch, long millis, long everyMillis)
      throws IOException, InterruptedException {
    while (orders.isEmpty()) {
      long round = rounds.merge(cluster, 1L, Long::sum);
      arm(cluster, gate, epoch, round, millis);
      select(cluster, gate, epoch, round);
      orders.await(everyMillis);
    }
  }

  /**
   * Arms and selects at random moments, rounds that are due, late or never armed; and in between
   * stops as if frozen, for longer than the gate stays open, and then goes on where it was.
   */
  private void random(String cluster, Gate gate, long epoch, long millis, long moments, long seed)
      throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    for (long moment = 0; moment < moments; moment++) {
      long newest = rounds.getOrDefault(cluster, 0L);
      switch (random.nextInt(5)) {
        case 0, 1 -> arm(cluster, gate, epoch, newest + 1, millis);
        case 2, 3 -> select(cluster, gate, epoch, newest);
        default -> select(cluster, gate, epoch, newest - 1 + random.nextInt(3));
      }
      boolean frozen = random.nextInt(8) == 0;
      Thread.sleep(frozen ? millis + random.nextLong(millis) : random.nextLong(millis / 4));
    }
  }
}
