package org.hotspare.takeover;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.hotspare.linux.Rtnetlink;

/**
 * A process with service addresses, after {@code open INTERFACE ADDRESS/PREFIX…}: does what the
 * lines of its input say, and answers each with a line that begins with {@code =}. Lines that begin
 * with {@code report} are what it reports, those with {@code extended} tell when it was about to
 * extend, by {@link System#nanoTime}; others are what it logs.
 *
 * <p>{@code answers} says what the next questions whether the lease is held are answered: {@code
 * yes}, {@code no}, yes {@code after} so many milliseconds, or {@code never}.
 */
final class AddressMain {
  private static final long LIMIT_SECONDS = 30;

  private final Orders orders;
  private final PrintStream out = System.out;
  private final RefusingAddresses kernel;
  private final VirtualAddresses addresses;
  private volatile boolean held = true;

  /** What the next questions are answered, whether the lease is held; then it is as it is. */
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

  private AddressMain(Orders orders, String networkInterface, List<ServiceAddress> services)
      throws IOException {
    this.orders = orders;
    kernel = new RefusingAddresses(networkInterface, Rtnetlink.open());
    addresses =
        VirtualAddresses.open(
            services, this::isHeld, text -> out.println("report " + text), kernel);
  }

  /** Stands for a lease, and for a thread that is frozen while it asks for that. */
  private boolean isHeld() {
    String answer = answers.poll();
    try {
      if (answer != null && answer.startsWith("after")) {
        Thread.sleep(millis(answer.substring("after".length())));
      } else if (answer != null && answer.equals("never")) {
        out.println("= never");
        new CountDownLatch(1).await();
      }
      return answer == null ? held : !answer.equals("no");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Orders orders = Orders.read();
    System.out.println("= ready");
    AddressMain main = null;
    for (String order = orders.take(); !order.isEmpty(); order = orders.take()) {
      String[] words = order.split(" ", -1);
      String answer;
      if (words[0].equals("open")) {
        if (main != null) {
          main.addresses.close();
        }
        main =
            new AddressMain(
                orders, words[1], Arrays.stream(words).skip(2).map(ServiceAddress::parse).toList());
        answer = "opened";
      } else {
        answer = Objects.requireNonNull(main).obey(words);
      }
      System.out.println("= " + answer);
    }
  }

  private String obey(String[] words) throws InterruptedException, TimeoutException {
    try {
      return perform(words);
    } catch (IOException | IllegalStateException failed) {
      return "failed: " + failed;
    } catch (ExecutionException failed) {
      return "failed: " + failed.getCause();
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
      case "release" -> {
        addresses.release(millis(words[1]));
        yield "done";
      }
      case "freeze" -> {
        extend(millis(words[1]));
        // Answered by the thread that asks.
        Thread.sleep(Long.MAX_VALUE);
        yield "";
      }
      case "race" -> {
        Future<?> raised = addresses.raise(millis(words[1]));
        extend(millis(words[2]));
        yield await(raised);
      }
      case "flood" -> flood(Integer.parseInt(words[1]));
      case "answers" -> {
        answers.addAll(Arrays.asList(words).subList(1, words.length));
        yield "done";
      }
      case "refuse" -> {
        kernel.refuse(words[1], words[2]);
        yield "done";
      }
      case "allow" -> {
        kernel.refuseNothing();
        yield "done";
      }
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
      orders.await(everyMillis);
    }
    return "done";
  }

  /** More orders than are obeyed, while the thread is busy; then they are lowered. */
  private String flood(int count)
      throws InterruptedException, ExecutionException, TimeoutException {
    int refused = 0;
    List<Future<?>> accepted = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      try {
        accepted.add(addresses.announce());
      } catch (RejectedExecutionException full) {
        refused++;
      }
    }
    String lowered = await(addresses.lower());
    long cancelled = accepted.stream().filter(Future::isCancelled).count();
    return "%s although %d were refused, and %d cancelled".formatted(lowered, refused, cancelled);
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
