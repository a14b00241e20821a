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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchdogTest {
  private static final Duration TIMEOUT = Duration.ofMillis(200);
  private static final long HOUR_NANOS = Duration.ofHours(1).toNanos();

  @TempDir Path directory;

  /** Notes when it was fed, by CLOCK_MONOTONIC_RAW. */
  private static final class Noted implements WatchdogTimer {
    private final List<Long> fed = new CopyOnWriteArrayList<>();
    private volatile boolean disarmed;
    private volatile boolean broken;

    @Override
    public void feed() throws IOException {
      if (broken) {
        throw new IOException("broken");
      }
      fed.add(RawClock.monotonicRawNanos());
    }

    @Override
    public void disarm() {
      disarmed = true;
    }
  }

  @Test
  void itIsFedAsLongAsThatIsAllowedAndNoLonger() throws Exception {
    Noted noted = new Noted();
    long until = RawClock.monotonicRawNanos() + Duration.ofSeconds(1).toNanos();
    Watchdog watchdog = Watchdog.start(noted, TIMEOUT, until);
    await("it is fed", () -> noted.fed.size() >= 2);
    await("it is hungry", () -> RawClock.monotonicRawNanos() > until + TIMEOUT.toNanos());
    int fed = noted.fed.size();
    // Each was before; the noting may have been held up, so by what is counted.
    await(
        "some time has passed", () -> RawClock.monotonicRawNanos() > until + 5 * TIMEOUT.toNanos());
    assertThat(noted.fed).hasSize(fed);
    watchdog.allowUntil(RawClock.monotonicRawNanos() + HOUR_NANOS);
    await("it is fed again", () -> noted.fed.size() >= fed + 2);
    assertThat(noted.disarmed).isFalse();
    assertThat(watchdog.stop()).isTrue();
    assertThat(noted.disarmed).isTrue();
  }

  @Test
  void oneThatCannotBeFedIsNotSaidToBeStopped() throws Exception {
    Noted noted = new Noted();
    noted.broken = true;
    Watchdog watchdog = Watchdog.start(noted, TIMEOUT, RawClock.monotonicRawNanos() + HOUR_NANOS);
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
    Duration second = Duration.ofSeconds(1);
    String nosuch = directory.resolve("nosuch").toString();
    assertThatThrownBy(() -> Watchdog.start(nosuch, second, 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the watchdog cannot be opened")
        .hasMessageContaining("No such file or directory (ENOENT)");
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> Watchdog.start(file.toString(), second, 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the watchdog takes no timeout: ioctl")
        .hasMessageContaining("(ENOTTY)");
    assertThat(file).isEmptyFile();
    assertThatThrownBy(() -> Watchdog.start(nosuch, Duration.ofMillis(1500), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
