package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hotspare.linux.EventSocket;
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

  /** Whoever takes an address away again and again sees it put back once in that time. */
  private static final long PUT_BACK_NANOS = Duration.ofSeconds(1).toNanos();

  /** What failed is tried again. */
  private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  /** Another machine that claims an address again and again is reported once in that time. */
  private static final long REPORT_NANOS = Duration.ofSeconds(10).toNanos();

  private static final long IDLE_NANOS = Duration.ofMinutes(1).toNanos();

  private final String interfaceName;
  private final List<VirtualAddress> addresses;
  private final BooleanSupplier held;
  private final Supplier<Until> wanted;
  private final Consumer<String> report;
  private final LinkAddresses kernel;
  private final NetworkEvents events;
  private final Announcer announcer;
  private boolean raised;

  /** They are to go, and did not yet. */
  private boolean lowering;

  /** Something happened that was not looked at. */
  private boolean changed = true;

  private @Nullable NetworkLink link;

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
    this.wanted = wanted;
    this.report = report;
    this.kernel = kernel;
    this.events = events;
    this.announcer = new Announcer(addresses, held);
  }

  // ---- orders

  /** See {@link VirtualAddresses#raise}. */
  void raise() throws IOException {
    lowering = false;
    try {
      NetworkLink found = kernel.requireLink();
      List<String> reports = kernel.prepare(found, addresses);
      announcer.open(found);
      link = found;
      kernel.look(found, addresses);
      for (VirtualAddress address : addresses) {
        if (!putWhileHeld(found, address)) {
          throw new AddressUnavailableException("the lease is over", null);
        }
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
  void announce() {
    if (raised) {
      long now = System.nanoTime();
      addresses.forEach(address -> address.announcements.start(now));
    }
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
    try {
      kernel.remove(addresses);
      lowering = false;
    } catch (LinuxException failed) {
      retry("the service addresses cannot be taken away", failed);
      throw failed;
    }
  }

  /**
   * @return false if the lease is not held, or ended while the address was put there; then it is
   *     gone again
   */
  private boolean putWhileHeld(NetworkLink on, VirtualAddress address) throws LinuxException {
    Until until = wanted.get();
    if (until.isOver(System.nanoTime()) || !held.getAsBoolean()) {
      return false;
    }
    kernel.put(on, address, until);
    if (held.getAsBoolean()) {
      return true;
    }
    kernel.remove(List.of(address));
    return false;
  }

  // ---- turns

  /** Does what is due, and nothing that waits for anything but the kernel. */
  void turn() {
    failing = false;
    try {
      changed |= events.read().any();
      boolean due = retryNanos != null && System.nanoTime() - retryNanos >= 0;
      if (changed || due) {
        changed = false;
        retryNanos = null;
        look();
      }
      renew();
      hear();
      announcer.announceDue(System.nanoTime());
    } catch (LinuxException failed) {
      retry("the service addresses are not as they should be", failed);
    }
    if (!failing && retryNanos == null) {
      failure = "";
    }
  }

  private void retry(String what, LinuxException reason) {
    String why = what + ": " + reason.getMessage();
    if (!why.equals(failure)) {
      LOG.warn("{}", why);
    }
    failure = why;
    failing = true;
    retryAt(System.nanoTime() + RETRY_NANOS);
  }

  private void retryAt(long nanos) {
    if (retryNanos == null || retryNanos - nanos > 0) {
      retryNanos = nanos;
    }
  }

  /** Is the interface still there, and all that is to be on it? */
  private void look() throws LinuxException {
    if (lowering) {
      lower();
    }
    NetworkLink before = link;
    NetworkLink now = kernel.findLink().orElse(null);
    link = now;
    linkProblem = linkProblem(now);
    if (now == null) {
      addresses.forEach(address -> address.kept = null);
      return;
    }
    kernel.look(now, addresses);
    if (raised) {
      follow(before, now);
    }
  }

  private String linkProblem(@Nullable NetworkLink now) {
    if (now != null && now.up() && now.carrier()) {
      return "";
    }
    String what = now == null ? "is not there" : now.up() ? "has no carrier" : "is down";
    return "the network interface " + interfaceName + " " + what;
  }

  private void follow(@Nullable NetworkLink before, NetworkLink now) throws LinuxException {
    if (before == null || before.index() != now.index()) {
      announcer.open(now);
    }
    announcer.update(now);
    if (!now.equals(before)) {
      // Switches and neighbours may have forgotten, or another hardware address is here now.
      addresses.forEach(AddressKeeper::announceAnew);
    }
  }

  /** Has those stay that would go too early or stay too long, and puts back what is gone. */
  private void renew() {
    NetworkLink on = link;
    if (!raised || on == null || !on.up()) {
      return;
    }
    Until until = wanted.get();
    for (VirtualAddress address : addresses) {
      try {
        Until its = address.kept;
        if (its == null) {
          putBack(on, address);
        } else if (until.isLaterThan(its) || its.forever() != until.forever()) {
          putWhileHeld(on, address);
        }
      } catch (LinuxException failed) {
        // The others go on.
        retry("the service addresses are not as they should be", failed);
      }
    }
  }

  private void putBack(NetworkLink on, VirtualAddress address) throws LinuxException {
    long now = System.nanoTime();
    if (address.putBackNanos != null && now - address.putBackNanos < PUT_BACK_NANOS) {
      retryAt(address.putBackNanos + PUT_BACK_NANOS);
      return;
    }
    if (putWhileHeld(on, address)) {
      address.putBackNanos = now;
      address.removed++;
      announceAnew(address);
      tell(
          "%s was gone from %s while this node is primary, and was put back"
              .formatted(address.service, interfaceName));
    }
  }

  private static void announceAnew(VirtualAddress address) {
    if (address.announcements.isRunning()) {
      address.announcements.start(System.nanoTime());
    }
  }

  // ---- others who claim them

  private void hear() throws LinuxException {
    for (Claim claim : announcer.hear()) {
      // Where the lease is over, another has it by right.
      if (raised && held.getAsBoolean()) {
        addresses.stream()
            .filter(address -> address.service.address().equals(claim.address()))
            .forEach(address -> claimed(address, claim));
      }
    }
  }

  private void claimed(VirtualAddress address, Claim claim) {
    long now = System.nanoTime();
    boolean isNew = !claim.equals(address.claim);
    address.claim = claim;
    address.claimed++;
    address.announcements.claimed(now);
    if (isNew || now - address.claimReportedNanos >= REPORT_NANOS) {
      address.claimReportedNanos = now;
      tell(
          "another machine, %s, claims %s while this node is primary; it is announced anew"
              .formatted(claim.by(), claim.address().getHostAddress()));
    }
  }

  private void tell(String what) {
    LOG.info("{}", what);
    report.accept(what);
  }

  // ---- how it stands

  /** How long until something is due, if nothing happens before. */
  Duration rest() {
    long now = System.nanoTime();
    long rest = IDLE_NANOS;
    OptionalLong announcement = announcer.dueInNanos(now);
    if (announcement.isPresent()) {
      rest = Math.min(rest, announcement.getAsLong());
    }
    if (retryNanos != null) {
      rest = Math.min(rest, retryNanos - now);
    }
    return Duration.ofNanos(Math.max(0, rest));
  }

  List<EventSocket> sockets() {
    List<EventSocket> sockets = new ArrayList<>(announcer.sockets());
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
    return failure.isEmpty() ? linkProblem : failure;
  }

  /** The addresses stay as they are. */
  @Override
  public void close() {
    announcer.close();
    events.close();
    kernel.close();
  }
}
