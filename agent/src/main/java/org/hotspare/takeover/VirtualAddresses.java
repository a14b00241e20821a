package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkEvents;
import org.hotspare.linux.Rtnetlink;
import org.hotspare.linux.Wakeup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service addresses on this machine: on its interface and known to the network while it holds
 * the lease, and gone afterwards.
 *
 * <p>Invariant: nothing is put on the interface and nothing is announced unless the lease is held,
 * which is asked right before, and for what is put, right after.
 *
 * <p>What was put goes by itself: the kernel takes it away when its lifetime ends, unless {@link
 * #extend} came before. This is a second lock behind the {@link Gate}, and a coarser one. The
 * kernel counts whole seconds, which are rounded up here, so that no address is gone before the
 * lease; and it looks for what has ended a quarter of a second late, or a whole one. So an address
 * goes up to two seconds after the lease ended, which may be after another node was endorsed. Where
 * the gate was lost, that bounds for how long two could answer; it does not rule it out.
 *
 * <p>One thread owns all that changes. Orders are handed to it, and nobody waits for the kernel who
 * does not want to. Others may do with the machine's network what they like: an address that they
 * take away is put back, and on an interface that comes back, too.
 */
public final class VirtualAddresses implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VirtualAddresses.class);

  private static final int MAX_ORDERS = 64;
  private static final Duration CLOSING = Duration.ofSeconds(5);

  /** What the thread is to do. */
  @FunctionalInterface
  private interface Order {
    void obey(AddressKeeper keeper) throws IOException;
  }

  private final String interfaceName;
  private final List<ServiceAddress> services;
  private final AddressKeeper keeper;
  private final Wakeup wakeup;
  private final BlockingQueue<FutureTask<?>> orders = new ArrayBlockingQueue<>(MAX_ORDERS);
  private final Thread thread =
      Thread.ofPlatform().daemon().name("service-addresses").unstarted(this::runUntilClosed);
  private volatile boolean closed;

  /** Until when they are to stay. */
  private final AtomicReference<Until> wanted = new AtomicReference<>(Until.after(Duration.ZERO));

  /** Until when the kernel keeps all of them at least; null while they are not all there. */
  private volatile @Nullable Until kept;

  private volatile List<VirtualAddressState> states;
  private volatile String problem = "";

  private VirtualAddresses(
      List<ServiceAddress> services,
      BooleanSupplier held,
      Consumer<String> report,
      LinkAddresses kernel,
      NetworkEvents events,
      Wakeup wakeup) {
    this.interfaceName = kernel.interfaceName();
    this.services = List.copyOf(services);
    this.wakeup = wakeup;
    this.keeper =
        new AddressKeeper(interfaceName, this.services, held, wanted::get, report, kernel, events);
    this.states = keeper.states();
  }

  /**
   * Watches the interface from now on, and changes nothing.
   *
   * @param interfaceName where the addresses go; it may be absent still
   * @param held whether the lease is held at this instant; asked by another thread, must not block
   * @param report is told what happened and why, in sentences, by another thread: must not block
   */
  public static VirtualAddresses open(
      String interfaceName,
      List<ServiceAddress> services,
      BooleanSupplier held,
      Consumer<String> report)
      throws IOException {
    return open(services, held, report, new LinkAddresses(interfaceName, Rtnetlink.open()));
  }

  /**
   * @param kernel is closed in the end
   */
  static VirtualAddresses open(
      List<ServiceAddress> services,
      BooleanSupplier held,
      Consumer<String> report,
      LinkAddresses kernel)
      throws IOException {
    Wakeup wakeup = null;
    try {
      wakeup = new Wakeup();
      NetworkEvents events = NetworkEvents.open(LinkAddresses.OURS);
      VirtualAddresses made = new VirtualAddresses(services, held, report, kernel, events, wakeup);
      made.keeper.turn();
      made.publish();
      made.thread.start();
      return made;
    } catch (LinuxException failed) {
      if (wakeup != null) {
        wakeup.close();
      }
      kernel.close();
      throw failed;
    }
  }

  // ---- orders; any thread

  /**
   * Asks the network whether another machine has the addresses: a stranger, since a former primary
   * whose gate is shut cannot answer. What follows from that is the caller's decision. Waits for
   * answers in the caller's thread.
   *
   * @param limit for how long; a machine of the same network answers within milliseconds
   * @return who has answered for which address; empty at once where the interface is not Ethernet
   * @throws AddressUnavailableException if this machine cannot have the addresses
   */
  public List<Claim> probe(Duration limit) throws IOException {
    try (LinkAddresses kernel = new LinkAddresses(interfaceName, Rtnetlink.open())) {
      try {
        return ClaimProbe.run(
            kernel.requireLink(),
            kernel.ownHardware(),
            services.stream().map(ServiceAddress::address).toList(),
            limit);
      } catch (LinuxException refused) {
        throw kernel.unavailable(refused);
      }
    }
  }

  /**
   * Puts the addresses on the interface, for a lifetime from now on; those that are there already
   * get it, too. The gate is closed: nothing is announced yet.
   *
   * @return done when all are there; fails with an {@link AddressUnavailableException}, and then
   *     none is
   */
  public Future<?> raise(Duration lifetime) {
    Until until = Until.after(lifetime);
    // Not only once it is obeyed: what was extended by then must not be forgotten.
    wanted.updateAndGet(now -> now.forever() || until.isLaterThan(now) ? until : now);
    return order(AddressKeeper::raise);
  }

  /**
   * From now on the network is told where they are: the gate is open.
   *
   * @return done when that has begun; fails with an {@link AddressUnavailableException} if they are
   *     not raised
   */
  public Future<?> announce() {
    return order(AddressKeeper::announce);
  }

  /**
   * They stay for that long from now on, unless they are held. Cheap, and waits for nothing: for
   * the lease's thread, after each confirmed round of renewals.
   */
  public void extend(Duration lifetime) {
    Until until = Until.after(lifetime);
    if (wanted.updateAndGet(now -> now.forever() ? now : until).forever()) {
      return;
    }
    wakeIfLater(until);
  }

  /** They are held no longer, and stay for that long from now on. Waits for nothing. */
  public void release(Duration lifetime) {
    Until until = Until.after(lifetime);
    wanted.set(until);
    wakeIfLater(until);
  }

  private void wakeIfLater(Until until) {
    Until now = kept;
    if (now == null || now.forever() || until.isLaterThan(now)) {
      wakeup.wake();
    }
  }

  /**
   * They stay for good, also when the agent stops, until they are released or lowered.
   *
   * @return done when they do; fails with an {@link AddressUnavailableException} if the lease is
   *     not held: then they go as they would have
   */
  public Future<?> hold() {
    return order(
        keeper -> {
          Until before = wanted.getAndSet(Until.FOREVER);
          try {
            keeper.hold();
          } catch (AddressUnavailableException refused) {
            // Some may stay for good by now. The turn that follows has them go as they would have.
            wanted.compareAndSet(Until.FOREVER, before);
            throw refused;
          }
        });
  }

  /**
   * Takes them away. This is accepted also where too many orders wait: the oldest are cancelled.
   *
   * @return done when they are gone; if that fails it is tried again
   * @throws RejectedExecutionException after {@link #close}, and if the thread failed, which {@link
   *     #problem} tells; as all orders
   */
  public Future<?> lower() {
    wanted.set(Until.after(Duration.ZERO));
    FutureTask<?> task = task(AddressKeeper::lower);
    while (!closed && !orders.offer(task)) {
      FutureTask<?> oldest = orders.poll();
      if (oldest != null) {
        oldest.cancel(false);
      }
    }
    return given(task);
  }

  private Future<?> order(Order order) {
    FutureTask<?> task = task(order);
    if (!closed && !orders.offer(task)) {
      throw new RejectedExecutionException("more orders than are obeyed");
    }
    return given(task);
  }

  private FutureTask<?> task(Order order) {
    return new FutureTask<>(
        () -> {
          obey(order);
          return null;
        });
  }

  private FutureTask<?> given(FutureTask<?> task) {
    wakeup.wake();
    if (closed) {
      // The thread may have gone before it came.
      task.cancel(false);
      throw new RejectedExecutionException("closed");
    }
    return task;
  }

  private void obey(Order order) throws IOException {
    try {
      order.obey(keeper);
    } catch (RuntimeException | Error bug) {
      // Nobody may ask how it went.
      LOG.error("an order for the service addresses failed", bug);
      throw bug;
    } finally {
      keeper.turn();
      publish();
    }
  }

  // ---- for status; any thread

  /** Each address as it was a moment ago. */
  public List<VirtualAddressState> states() {
    return states;
  }

  /** What is wrong, as a sentence; empty if nothing is. */
  public String problem() {
    return problem;
  }

  /**
   * How long the kernel keeps all of the addresses at least if nobody renews them any more; {@link
   * Long#MAX_VALUE} nanoseconds if they stay for good; empty while one is not there.
   */
  public Optional<Duration> addressLeft() {
    List<VirtualAddressState> all = states;
    return all.stream().allMatch(VirtualAddressState::isPresent)
        ? all.stream().map(VirtualAddressState::left).min(Duration::compareTo)
        : Optional.empty();
  }

  // ---- the thread

  private void runUntilClosed() {
    try (keeper) {
      while (!closed) {
        for (FutureTask<?> task = orders.poll(); task != null; task = orders.poll()) {
          task.run();
        }
        keeper.turn();
        publish();
        wakeup.await(keeper.sockets(), keeper.rest());
      }
    } catch (IOException | RuntimeException | Error failed) {
      closed = true;
      problem = "the thread of the service addresses failed: " + failed;
      LOG.error("the thread of the service addresses failed; they run out by themselves", failed);
    }
    for (FutureTask<?> task = orders.poll(); task != null; task = orders.poll()) {
      task.cancel(false);
    }
  }

  private void publish() {
    kept = keeper.kept();
    states = keeper.states();
    problem = keeper.problem();
  }

  /** Ends the thread at once. The addresses stay until their lifetime ends. */
  @Override
  public void close() {
    closed = true;
    wakeup.wake();
    try {
      if (thread.join(CLOSING)) {
        wakeup.close();
      } else {
        LOG.warn("the kernel is still busy with the service addresses");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
