package org.hotspare.takeover;

import java.io.IOException;
import java.time.Duration;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.WatchdogDevice;

/** A watchdog of the kernel, be it of the hardware or {@code softdog}. */
record KernelWatchdog(WatchdogDevice device) implements WatchdogTimer {
  /**
   * Opens it, which starts it.
   *
   * @param path such as {@code /dev/watchdog}
   * @param timeout in whole seconds
   * @throws IOException if there is none, or it cannot have this time: then it is stopped again
   */
  static KernelWatchdog open(String path, Duration timeout) throws IOException {
    WatchdogDevice device;
    try {
      device = WatchdogDevice.open(path);
    } catch (LinuxException refused) {
      throw new IOException(
          "the watchdog cannot be opened"
              + (refused.is(Errno.EBUSY)
                  ? "; perhaps systemd has it (RuntimeWatchdogSec=): "
                  : ": ")
              + refused.getMessage(),
          refused);
    }
    int taken;
    try {
      taken = device.setTimeout((int) timeout.toSeconds());
    } catch (LinuxException refused) {
      if (refused.is(Errno.ENOTTY)) {
        // No watchdog: what would stop one may be anything to this.
        device.close();
      } else {
        device.disarm();
      }
      throw new IOException("the watchdog takes no timeout: " + refused.getMessage(), refused);
    }
    if (taken > timeout.toSeconds()) {
      device.disarm();
      throw new IOException(
          "the watchdog %s resets after %d s at the earliest, not after %d s"
              .formatted(path, taken, timeout.toSeconds()));
    }
    return new KernelWatchdog(device);
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
