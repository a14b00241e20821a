package org.hotspare.takeover;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.NetworkLink;

/**
 * Has raised addresses on their interface as long as they are to stay, and no longer. Owned by the
 * addresses' thread.
 *
 * <p>Invariant: an address is put there only while the lease is held, which is asked right before
 * and right after. One that was put too late is {@link VirtualAddress#unproven} until it is gone.
 */
final class AddressRenewal {
  /**
   * Whoever takes an address away again and again sees it put back once in that time. An address
   * that is there, but not as it should be, is replaced as often.
   */
  private static final long PUT_BACK_NANOS = Duration.ofSeconds(1).toNanos();

  private final LinkAddresses kernel;
  private final BooleanSupplier held;
  private final Supplier<Until> wanted;
  private final Consumer<String> tell;

  AddressRenewal(
      LinkAddresses kernel, BooleanSupplier held, Supplier<Until> wanted, Consumer<String> tell) {
    this.kernel = kernel;
    this.held = held;
    this.wanted = wanted;
    this.tell = tell;
  }

  /**
   * Puts it there, or renews it.
   *
   * @return false if the lease is not held, or ended meanwhile: then the address is unproven
   */
  boolean put(NetworkLink on, VirtualAddress address) throws LinuxException {
    Until until = wanted.get();
    // Before the lease is asked: however long this thread stands still from here on, the kernel is
    // told no longer time than there was now.
    long now = System.nanoTime();
    if (until.isOver(now) || !held.getAsBoolean()) {
      return false;
    }
    address.unproven = true;
    kernel.put(on, address, until, now);
    if (!held.getAsBoolean() || until.isOver(System.nanoTime())) {
      return false;
    }
    address.unproven = false;
    return true;
  }

  /**
   * Has it stay if it would go too early or stay too long, puts it back if it is gone, and takes it
   * away if it is there without right.
   *
   * @return when to do that again at the latest; empty if nothing is left to be done
   */
  OptionalLong renew(NetworkLink on, VirtualAddress address) throws LinuxException {
    Until until = wanted.get();
    OptionalLong again = OptionalLong.empty();
    if (address.kept == null && !address.unproven) {
      again = putBack(on, address);
    } else if (address.inTheWay != null) {
      again = replace(on, address);
    } else if (!isDue(address, until) || put(on, address)) {
      reportReturn(address, on);
    }
    if (address.unproven || isTooLong(address, until)) {
      kernel.remove(List.of(address));
      address.unproven = false;
    }
    return again;
  }

  private static boolean isDue(VirtualAddress address, Until until) {
    Until its = address.kept;
    return its == null
        || address.unproven
        || address.stale
        || until.isLaterThan(its)
        || its.forever() != until.forever();
  }

  /** Whether it would stay for good, which nobody wants any more, and the lease is over. */
  private boolean isTooLong(VirtualAddress address, Until until) {
    Until its = address.kept;
    return its != null
        && its.forever()
        && !until.forever()
        && (until.isOver(System.nanoTime()) || !held.getAsBoolean());
  }

  private OptionalLong putBack(NetworkLink on, VirtualAddress address) throws LinuxException {
    long now = System.nanoTime();
    OptionalLong again = soonest(address, now);
    if (again.isEmpty() && put(on, address)) {
      address.putBackNanos = now;
      address.takenAway = true;
      reportReturn(address, on);
    }
    return again;
  }

  /** Puts it there anew at the next opportunity; until then it is only renewed. */
  private OptionalLong replace(NetworkLink on, VirtualAddress address) throws LinuxException {
    long now = System.nanoTime();
    OptionalLong again = soonest(address, now);
    if (again.isPresent()) {
      // It is looked at again then.
      address.inTheWay = null;
    } else {
      address.putBackNanos = now;
    }
    put(on, address);
    return again;
  }

  /** When it may be put back or replaced again; empty if that is now. */
  private static OptionalLong soonest(VirtualAddress address, long now) {
    return address.putBackNanos != null && now - address.putBackNanos < PUT_BACK_NANOS
        ? OptionalLong.of(address.putBackNanos + PUT_BACK_NANOS)
        : OptionalLong.empty();
  }

  /** If somebody had taken it away: a renewal puts it back, too, and may have come first. */
  private void reportReturn(VirtualAddress address, NetworkLink on) {
    if (address.takenAway) {
      address.takenAway = false;
      address.removed++;
      address.announceAnew();
      tell.accept(
          "%s was gone from %s while this node is primary, and was put back"
              .formatted(address.service, on.name()));
    }
  }
}
