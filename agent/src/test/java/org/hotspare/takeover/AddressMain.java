package org.hotspare.takeover;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * A process with service addresses: does what the lines of its input say, and answers each with a
 * line that begins with {@code =}. Lines that begin with {@code report} are what it reports, those
 * with {@code extended} tell when it was about to extend, by {@link System#nanoTime}; others are
 * what it logs.
 */
final class AddressMain {
  private static final long LIMIT_SECONDS = 30;

  private final BlockingQueue<String> orders = new LinkedBlockingQueue<>();
  private final PrintStream out = System.out;
  private final VirtualAddresses addresses;
  private volatile boolean held = true;

  private AddressMain(String networkInterface, List<ServiceAddress> services) throws IOException {
    addresses =
        VirtualAddresses.open(
            networkInterface, services, () -> held, text -> out.println("report " + text));
  }

  /** {@code INTERFACE ADDRESS/PREFIX…} */
  public static void main(String[] arguments) throws Exception {
    List<ServiceAddress> services =
        Arrays.stream(arguments).skip(1).map(ServiceAddress::parse).toList();
    AddressMain main = new AddressMain(arguments[0], services);
    Thread.ofPlatform().daemon().start(main::read);
    main.out.println("= ready");
    main.run();
  }

  private void read() {
    try (BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        orders.add(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      orders.add("");
    }
  }

  private void run() throws InterruptedException, TimeoutException {
    for (String order = orders.take(); !order.isEmpty(); order = orders.take()) {
      String answer;
      try {
        answer = perform(order.split(" ", -1));
      } catch (IOException | IllegalStateException failed) {
        answer = "failed: " + failed;
      } catch (ExecutionException failed) {
        answer = "failed: " + failed.getCause();
      }
      out.println("= " + answer);
    }
  }

  private String perform(String[] words)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    return switch (words[0]) {
      case "probe" ->
          addresses.probe(millis(words[1])).stream()
              .map(Claim::toString)
              .sorted()
              .collect(Collectors.joining(", "));
      case "raise" -> await(addresses.raise(millis(words[1])));
      case "announce" -> await(addresses.announce());
      case "hold" -> await(addresses.hold());
      case "lower" -> await(addresses.lower());
      case "extend" -> extend(millis(words[1]));
      case "keep" -> keep(millis(words[1]), Long.parseLong(words[2]));
      case "held" -> {
        held = Boolean.parseBoolean(words[1]);
        yield "done";
      }
      case "problem" -> addresses.problem();
      case "left" -> String.valueOf(addresses.addressLeft().map(Duration::toMillis).orElse(-1L));
      case "states" -> states();
      case "close" -> close();
      default -> throw new IllegalStateException(words[0]);
    };
  }

  private static Duration millis(String text) {
    return Duration.ofMillis(Long.parseLong(text));
  }

  private static String await(Future<?> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    return "done";
  }

  private String extend(Duration lifetime) {
    out.println("extended " + System.nanoTime());
    addresses.extend(lifetime);
    return "done";
  }

  /** Extends every so often, until there is another order. */
  private String keep(Duration lifetime, long everyMillis) throws InterruptedException {
    while (orders.isEmpty()) {
      extend(lifetime);
      String order = orders.poll(everyMillis, TimeUnit.MILLISECONDS);
      if (order != null) {
        // Only this thread takes any, and there is one at a time.
        orders.add(order);
      }
    }
    return "done";
  }

  private String states() {
    return addresses.states().stream()
        .map(
            state ->
                "%s present=%s permanent=%s announced=%d removed=%d claimed=%d claim=%s"
                    .formatted(
                        state.address(),
                        state.isPresent(),
                        state.isPermanent(),
                        state.announced(),
                        state.removed(),
                        state.claimed(),
                        state.claim().map(Claim::toString).orElse("none")))
        .collect(Collectors.joining("; "));
  }

  private String close() {
    long before = System.nanoTime();
    addresses.close();
    return String.valueOf(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before));
  }
}
