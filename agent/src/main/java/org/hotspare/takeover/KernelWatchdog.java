package org.hotspare.takeover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.WatchdogDevice;

/**
 * A watchdog of the kernel, be it of the hardware or {@code softdog}, that goes on when the agent
 * dies and can be stopped.
 */
record KernelWatchdog(WatchdogDevice device) implements WatchdogTimer {
  private static final Path CLASS = Path.of("/sys/class/watchdog");

  /** The old name of the first one. */
  private static final String FIRST = "watchdog";

  static KernelWatchdog open(String path, Duration timeout) throws IOException {
    return open(path, timeout, CLASS);
  }

  /**
   * Opens it, which starts it.
   *
   * @param path such as {@code /dev/watchdog}
   * @param timeout in whole seconds
   * @param known where the kernel says what it knows of them
   * @throws IOException if there is none, it cannot have this time, or it does not do what is
   *     needed: then it was not started, or is stopped again
   */
  static KernelWatchdog open(String path, Duration timeout, Path known) throws IOException {
    // Before, since then it is too late.
    if (cannotBeStopped(Path.of(path), known)) {
      throw new IOException(
          "the kernel was told never to stop the watchdog %s (nowayout): it would reset this machine"
                  .formatted(path)
              + " whenever the agent ends");
    }
    WatchdogDevice device = open(path);
    int taken;
    try {
      requireSupport(device, path);
      taken = setTimeout(device, timeout);
    } catch (IOException refused) {
      device.close();
      throw refused;
    }
    if (taken > timeout.toSeconds()) {
      device.disarm();
      throw new IOException(
          "the watchdog %s resets after %d s at the earliest, not after %d s"
              .formatted(path, taken, timeout.toSeconds()));
    }
    return new KernelWatchdog(device);
  }

  /** False where that is not known. */
  private static boolean cannotBeStopped(Path path, Path known) throws IOException {
    String name = path.getFileName().toString();
    Path file = known.resolve(name.equals(FIRST) ? FIRST + "0" : name).resolve("nowayout");
    try {
      return Files.readString(file).strip().equals("1");
    } catch (NoSuchFileException unknown) {
      return false;
    }
  }

  private static WatchdogDevice open(String path) throws IOException {
    try {
      return WatchdogDevice.open(path);
    } catch (LinuxException refused) {
      throw new IOException(
          "the watchdog cannot be opened"
              + (refused.is(Errno.EBUSY)
                  ? "; perhaps systemd has it (RuntimeWatchdogSec=): "
                  : ": ")
              + refused.getMessage(),
          refused);
    }
  }

  /** Until then nothing is written to it: it may be anything. */
  private static void requireSupport(WatchdogDevice device, String path) throws IOException {
    WatchdogDevice.Support support;
    try {
      support = device.support();
    } catch (LinuxException refused) {
      throw new IOException(path + " is no watchdog: " + refused.getMessage(), refused);
    }
    if (!support.magicClose()) {
      throw new IOException(
          "the watchdog %s (%s) stops when the agent dies, so it guards nothing"
              .formatted(path, support.identity()));
    }
  }

  private static int setTimeout(WatchdogDevice device, Duration timeout) throws IOException {
    try {
      return device.setTimeout((int) timeout.toSeconds());
    } catch (LinuxException refused) {
      device.disarm();
      throw new IOException("the watchdog takes no timeout: " + refused.getMessage(), refused);
    }
  }

  @Override
  public void feed() throws IOException {
    device.feed();
  }

  @Override
  public void disarm() throws IOException {
    device.disarm();
  }
}
