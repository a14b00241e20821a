package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hotspare.linux.AssignedAddress;
import org.hotspare.linux.EventSocket;
import org.hotspare.linux.HardwareAddress;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkEvents;
import org.hotspare.linux.NetworkLink;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the thread of {@link VirtualAddresses} does. Events are hints: after any, the interface and
 * its addresses are looked at, and what is missing is put back.
 */
final class AddressKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AddressKeeper.class);

  /** What failed is tried again. */
  private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long IDLE_NANOS = Duration.ofMinutes(1).toNanos();

  private final String interfaceName;
  private final List<VirtualAddress> addresses;
  private final BooleanSupplier held;
  private final Consumer<String> report;
  private final LinkAddresses kernel;
  private final NetworkEvents events;
  private final AddressRenewal renewal;
  private final Announcer announcer;
  private boolean raised;

  /** They are to go, and did not yet. */
  private boolean lowering;

  /** Something happened that was not looked at. */
  private boolean changed = true;

  /** The interface as it was looked at last; null while there is none. */
  private @Nullable NetworkLink link;

  /** It was not announced yet that the addresses are on the interface as it is now. */
  private boolean moved;

  /** What is wrong with the interface, and what failed last; empty if nothing. */
  private String linkProblem = "";

  private String failure = "";

  /** In this turn something failed. */
  private boolean failing;

  /** When to look again at what could not be done; null if nothing is left to be done. */
  private @Nullable Long retryNanos;

  /**
   * Owns {@code kernel} and {@code events} from here on.
   *
   * @param wanted until when the addresses are to stay
   */
  AddressKeeper(
      String interfaceName,
      List<ServiceAddress> services,
      BooleanSupplier held,
      Supplier<Until> wanted,
      Consumer<String> report,
      LinkAddresses kernel,
      NetworkEvents events) {
    this.interfaceName = interfaceName;
    this.addresses = services.stream().map(VirtualAddress::new).toList();
    this.held = held;
    this.report = report;
    this.kernel = kernel;
    this.events = events;
    this.renewal = new AddressRenewal(kernel, held, wanted, this::tell);
    this.announcer = new Announcer(addresses, held);
  }

  // ---- orders

  /** See {@link VirtualAddresses#raise}. */
  void raise() throws IOException {
    lowering = false;
    // The gate is shut again.
    addresses.forEach(address -> address.announcements.stop());
    try {
      // What happened before is of no interest.
      readEvents();
      addresses.forEach(address -> address.expectedRemovals = 0);
      NetworkLink found = kernel.requireLink();
      List<String> reports = kernel.prepare(found, addresses);
      announcer.follow(found);
      kernel.look(found, addresses);
      link = found;
      for (VirtualAddress address : addresses) {
        if (!renewal.put(found, address)) {
          throw new AddressUnavailableException("the lease is over", null);
        }
        address.takenAway = false;
        address.putBackNanos = null;
      }
      raised = true;
      reports.forEach(this::tell);
    } catch (LinuxException refused) {
      undo(refused);
      throw kernel.unavailable(refused);
    } catch (AddressUnavailableException refused) {
      undo(refused);
      throw refused;
    }
  }

  private void undo(IOException reason) {
    try {
      lower();
    } catch (LinuxException alsoRefused) {
      reason.addSuppressed(alsoRefused);
    }
  }

  /** See {@link VirtualAddresses#announce}. */
  void announce() throws AddressUnavailableException {
    if (!raised) {
      throw new AddressUnavailableException("the service addresses are not raised", null);
    }
    long now = System.nanoTime();
    addresses.forEach(address -> address.announcements.start(now));
  }

  /** See {@link VirtualAddresses#hold}. */
  void hold() throws AddressUnavailableException {
    renew();
    Until now = kept();
    if (now == null || !now.forever()) {
      throw new AddressUnavailableException(
          "the service addresses do not stay for good: "
              + (failure.isEmpty() ? "they are not raised, or the lease is over" : failure),
          null);
    }
  }

  /** See {@link VirtualAddresses#lower}. */
  void lower() throws LinuxException {
    raised = false;
    lowering = true;
    addresses.forEach(address -> address.announcements.stop());
    announcer.close();
    // Looked at, and tried again if this fails.
    changed = true;
    kernel.remove(addresses);
    lowering = false;
    addresses.forEach(address -> address.unproven = false);
  }

  private void renew() {
    NetworkLink on = link;
    if (!raised || on == null || !on.up()) {
      return;
    }
    for (VirtualAddress address : addresses) {
      // The others go on.
      attempt(() -> renewal.renew(on, address).ifPresent(this::retryAt));
    }
  }

  // ---- turns

  /** Something that the kernel may refuse. */
  @FunctionalInterface
  private interface Step {
    void run() throws LinuxException;
  }

  /** Does what is due, and nothing that waits for anything but the kernel. */
  void turn() {
    failing = false;
    attempt(this::readEvents);
    boolean due = retryNanos != null && System.nanoTime() - retryNanos >= 0;
    if (changed || due) {
      retryNanos = null;
      if (lowering) {
        attempt("the service addresses cannot be taken away", this::lower);
      }
      attempt(this::look);
    }
    renew();
    attempt(this::follow);
    attempt(this::hear);
    attempt(() -> announcer.announceDue(System.nanoTime()));
    if (!failing && retryNanos == null) {
      failure = "";
    }
  }

  private void attempt(Step step) {
    attempt("the service addresses are not as they should be", step);
  }

  /** What fails is tried again, and does not keep from the rest. */
  private void attempt(String otherwise, Step step) {
    try {
      step.run();
    } catch (LinuxException failed) {
      String why = otherwise + ": " + failed.getMessage();
      if (!why.equals(failure)) {
        LOG.warn("{}", why);
      }
      failure = why;
      failing = true;
      retryAt(System.nanoTime() + RETRY_NANOS);
    }
  }

  private void retryAt(long nanos) {
    if (retryNanos == null || retryNanos - nanos > 0) {
      retryNanos = nanos;
    }
  }

  private void readEvents() throws LinuxException {
    NetworkEvents.News news = events.read();
    changed |= news.any();
    if (!news.complete()) {
      addresses.forEach(address -> address.expectedRemovals = 0);
    }
    NetworkLink on = link;
    for (AssignedAddress removed : news.removed()) {
      for (VirtualAddress address : addresses) {
        ServiceAddress service = address.service;
        if (on == null
            || removed.interfaceIndex() != on.index()
            || removed.prefixLength() != service.prefixLength()
            || !removed.address().equals(service.address())) {
          continue;
        }
        if (address.expectedRemovals > 0) {
          address.expectedRemovals--;
        } else {
          address.takenAway = raised;
        }
      }
    }
  }

  /** Is the interface still there, and all that is to be on it? */
  private void look() throws LinuxException {
    NetworkLink before = link;
    NetworkLink now = kernel.findLink().orElse(null);
    linkProblem = linkProblem(now);
    if (now == null) {
      addresses.forEach(address -> address.kept = null);
    } else {
      kernel.look(now, addresses);
    }
    changed = false;
    link = now;
    if (raised && now != null && !now.equals(before)) {
      // Its routes may have gone with it, and its settings if it was made again.
      addresses.forEach(address -> address.stale = true);
      moved = true;
      kernel.keepOthers(addresses).ifPresent(this::tell);
    }
  }

  private String linkProblem(@Nullable NetworkLink now) {
    if (now != null && now.up() && now.carrier()) {
      return "";
    }
    String what = now == null ? "is not there" : now.up() ? "has no carrier" : "is down";
    return "the network interface " + interfaceName + " " + what;
  }

  /** Has the network know where they are. What cannot be done stays to be done. */
  private void follow() throws LinuxException {
    NetworkLink now = link;
    if (!raised || now == null) {
      return;
    }
    announcer.follow(now);
    if (moved) {
      // Switches and neighbours may have forgotten, or another hardware address is here now.
      moved = false;
      addresses.forEach(VirtualAddress::announceAnew);
    }
  }

  // ---- others who claim them

  private void hear() throws LinuxException {
    long now = System.nanoTime();
    List<Claim> claims = announcer.hear(now);
    // Where the lease is over, another has it by right.
    if (!claims.isEmpty() && raised && held.getAsBoolean()) {
      Set<HardwareAddress> own = kernel.ownHardware();
      for (Claim claim : claims) {
        if (!own.contains(claim.by())) {
          addresses.stream()
              .filter(address -> address.service.address().equals(claim.address()))
              .forEach(address -> claimed(address, claim, now));
        }
      }
    }
    addresses.forEach(address -> address.claims.take(now).ifPresent(this::tell));
  }

  private static void claimed(VirtualAddress address, Claim claim, long now) {
    address.claims.add(claim);
    address.announcements.claimed(now);
  }

  private void tell(String what) {
    LOG.info("{}", what);
    report.accept(what);
  }

  // ---- how it stands

  /** How long until something is due, if nothing happens before. */
  Duration rest() {
    long now = System.nanoTime();
    long rest = announcer.dueInNanos(now).orElse(IDLE_NANOS);
    for (VirtualAddress address : addresses) {
      rest = Math.min(rest, address.claims.dueNanos(now).orElse(now + IDLE_NANOS) - now);
    }
    if (retryNanos != null) {
      rest = Math.min(rest, retryNanos - now);
    }
    if (announcer.pauseNanos(now) > 0) {
      rest = Math.min(rest, announcer.pauseNanos(now));
    }
    return Duration.ofNanos(Math.clamp(rest, 0, IDLE_NANOS));
  }

  List<EventSocket> sockets() {
    List<EventSocket> sockets = new ArrayList<>(announcer.sockets(System.nanoTime()));
    sockets.add(events);
    return sockets;
  }

  List<VirtualAddressState> states() {
    return addresses.stream().map(VirtualAddress::state).toList();
  }

  /** Until when the kernel keeps all at least; null if they are not raised, or one is not there. */
  @Nullable Until kept() {
    Until first = null;
    for (VirtualAddress address : addresses) {
      Until its = address.kept;
      if (!raised || its == null) {
        return null;
      }
      first = first == null || first.isLaterThan(its) ? its : first;
    }
    return first;
  }

  /** What is wrong, as a sentence; empty if nothing is. */
  String problem() {
    if (!failure.isEmpty()) {
      return failure;
    }
    return linkProblem.isEmpty() ? strayProblem() : linkProblem;
  }

  /** An address that somebody has configured for good, though it goes from node to node. */
  private String strayProblem() {
    return addresses.stream()
        .filter(address -> address.foreign && !raised)
        .map(
            address ->
                "%s is on %s although the service is not here: somebody else has put it there. Take it out of this machine's network configuration"
                    .formatted(address.service, interfaceName))
        .collect(Collectors.joining("; "));
  }

  /** The addresses stay as they are. */
  @Override
  public void close() {
    announcer.close();
    events.close();
    kernel.close();
  }
}
