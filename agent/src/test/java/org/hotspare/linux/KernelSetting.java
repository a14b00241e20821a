package org.hotspare.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A setting of the kernel, put back when closed. Other tests may run beside: not for long. Needs
 * root.
 */
public record KernelSetting(Path file, String before) implements AutoCloseable {
  /**
   * @param name below {@code /proc/sys}
   */
  public static KernelSetting set(String name, int value) throws IOException {
    Path file = Path.of("/proc/sys", name);
    // The kernel gives all in the first read, and Files.readString begins with one of one byte.
    KernelSetting setting = new KernelSetting(file, LoopFileSystem.run("cat", file.toString()));
    Files.writeString(file, Integer.toString(value));
    return setting;
  }

  @Override
  public void close() throws IOException {
    Files.writeString(file, before);
  }
}
