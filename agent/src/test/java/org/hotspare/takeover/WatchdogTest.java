package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hotspare.linux.RawClock;
import org.hotspare.linux.WatchdogDevice;
import org.hotspare.testing.Command;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchdogTest {
  private static final Duration TIMEOUT = Duration.ofMillis(200);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final long HOUR_NANOS = Duration.ofHours(1).toNanos();

  @TempDir Path directory;

  /** Notes when it was fed, by CLOCK_MONOTONIC_RAW. */
  private static final class Noted implements WatchdogTimer {
    private final List<Long> fed = new CopyOnWriteArrayList<>();
    private volatile boolean disarmed;
    private volatile @Nullable Exception broken;

    @Override
    public void feed() throws IOException {
      switch (broken) {
        case IOException refused -> throw refused;
        case RuntimeException bug -> throw bug;
        case null, default -> fed.add(RawClock.monotonicRawNanos());
      }
    }

    @Override
    public void disarm() {
      disarmed = true;
    }
  }

  private static long now() {
    return RawClock.monotonicRawNanos();
  }

  /** Two timeouts before its end: one for what may be late, and one that it takes to reset. */
  @Test
  void itIsFedNoLongerThanLetsItResetBeforeTheLeaseEnds() throws Exception {
    Noted noted = new Noted();
    long end = now() + Duration.ofSeconds(2).toNanos();
    Watchdog watchdog = Watchdog.start(noted, TIMEOUT, end);
    await("it is fed", () -> noted.fed.size() >= 2);
    // A thread that was held up between looking at the clock and here has had its second timeout.
    await("it is hungry", () -> now() > end - TIMEOUT.toNanos());
    int fed = noted.fed.size();
    await("some time has passed", () -> now() > end + 3 * TIMEOUT.toNanos());
    assertThat(noted.fed).hasSize(fed);
    assertThat(noted.fed.getLast()).isLessThan(end - TIMEOUT.toNanos());
    watchdog.leaseEndsAt(now() + HOUR_NANOS);
    await("it is fed again", () -> noted.fed.size() >= fed + 2);
    assertThat(noted.disarmed).isFalse();
    assertThat(watchdog.stop()).isTrue();
    assertThat(noted.disarmed).isTrue();
  }

  @Test
  void aLeaseThatIsTooShortForItIsRefused() {
    // The shortest of a watchdog, and the default of a lease.
    assertThat(Watchdog.objection(SECOND, Duration.ofMillis(1600)))
        .contains("a watchdog of 1 s needs a lease that is valid for 2666 ms, not 1600 ms");
    assertThat(Watchdog.objection(SECOND, Duration.ofMillis(2666))).isEmpty();
    assertThat(Watchdog.objection(Duration.ofMillis(1500), Duration.ofHours(1))).isPresent();
    assertThatThrownBy(() -> Watchdog.start("/dev/nosuch", SECOND, Duration.ofMillis(1600), now()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void oneThatRefusesFoodOnceIsFedAgain() throws Exception {
    Noted noted = new Noted();
    noted.broken = new IOException("Input/output error (EIO)");
    Watchdog watchdog = Watchdog.start(noted, TIMEOUT, now() + HOUR_NANOS);
    noted.broken = null;
    await("it is fed", () -> !noted.fed.isEmpty());
    assertThat(watchdog.stop()).isTrue();
    assertThat(noted.disarmed).isTrue();
  }

  @Test
  void oneWhoseThreadFailedIsNotSaidToBeStopped() throws Exception {
    Noted noted = new Noted();
    RuntimeException bug = new IllegalStateException("meant to end the watchdog's thread");
    bug.setStackTrace(new StackTraceElement[0]);
    noted.broken = bug;
    Watchdog watchdog = Watchdog.start(noted, TIMEOUT, now() + HOUR_NANOS);
    assertThat(watchdog.stop()).isFalse();
    assertThat(noted.disarmed).isFalse();
  }

  /** What the kernel's watchdog would be given. */
  @Test
  void theDeviceIsFedByBytesAndStoppedByTheLetterV() throws Exception {
    Path fifo = fifo();
    CompletableFuture<byte[]> received = read(fifo);
    WatchdogDevice device = openOnceRead(fifo);
    device.feed();
    device.feed();
    device.disarm();
    assertThat(received.get()).containsExactly(0, 0, 'V');
    assertThatThrownBy(device::feed).isInstanceOf(IllegalStateException.class);

    CompletableFuture<byte[]> abandoned = read(fifo);
    try (WatchdogDevice again = openOnceRead(fifo)) {
      again.feed();
    }
    assertThat(abandoned.get()).containsExactly(0);
  }

  private Path fifo() {
    Path fifo = directory.resolve("watchdog");
    Command.succeed(List.of("mkfifo", fifo.toString()));
    return fifo;
  }

  private static CompletableFuture<byte[]> read(Path fifo) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (InputStream in = Files.newInputStream(fifo)) {
            return in.readAllBytes();
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** A FIFO can only be opened once somebody reads it. */
  private static WatchdogDevice openOnceRead(Path fifo) throws Exception {
    WatchdogDevice[] opened = new WatchdogDevice[1];
    await(
        "somebody reads",
        () -> {
          try {
            opened[0] = WatchdogDevice.open(fifo.toString());
            return true;
          } catch (IOException notYet) {
            return false;
          }
        });
    return opened[0];
  }

  @Test
  void whatIsNoWatchdogIsRefusedWithTheReason() throws Exception {
    String nosuch = directory.resolve("nosuch").toString();
    assertThatThrownBy(() -> KernelWatchdog.open(nosuch, SECOND))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the watchdog cannot be opened")
        .hasMessageContaining("No such file or directory (ENOENT)");
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> KernelWatchdog.open(file.toString(), SECOND))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is no watchdog: ioctl")
        .hasMessageContaining("(ENOTTY)");
    assertThat(file).isEmptyFile();
  }

  /** Once it is open it would be too late. */
  @Test
  void oneThatCannotBeStoppedIsRefusedBeforeItIsOpened() throws Exception {
    Path known = directory.resolve("class");
    Path first = Files.createDirectories(known.resolve("watchdog0"));
    Files.writeString(first.resolve("nowayout"), "1\n");
    for (String name : List.of("watchdog", "watchdog0")) {
      // It is not there, so to open it would be refused otherwise.
      String path = directory.resolve(name).toString();
      assertThatThrownBy(() -> KernelWatchdog.open(path, SECOND, known))
          .hasMessageContaining("was told never to stop the watchdog")
          .hasMessageContaining("(nowayout)");
    }
    Files.writeString(first.resolve("nowayout"), "0\n");
    assertThatThrownBy(
            () -> KernelWatchdog.open(directory.resolve("watchdog").toString(), SECOND, known))
        .hasMessageContaining("cannot be opened");
  }
}
