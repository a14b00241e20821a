package org.hotspare.takeover;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The lines of this process's input, one after the other, as a {@link DrivenProcess} says them. */
final class Orders {
  private final BlockingQueue<String> waiting = new LinkedBlockingQueue<>();

  private Orders() {}

  /** Reads them from now on. */
  static Orders read() {
    Orders orders = new Orders();
    Thread.ofPlatform().daemon().start(orders::readAll);
    return orders;
  }

  private void readAll() {
    try (BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        waiting.add(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      waiting.add("");
    }
  }

  /** The next one, once it is there; empty at the end. */
  String take() throws InterruptedException {
    return waiting.take();
  }

  /** Whether none has come that was not taken. */
  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Returns when so much time has passed, or as soon as there is an order, which it leaves. */
  void await(long millis) throws InterruptedException {
    String order = waiting.poll(millis, TimeUnit.MILLISECONDS);
    if (order != null) {
      // Only one thread takes any, and there is one at a time.
      waiting.add(order);
    }
  }
}
