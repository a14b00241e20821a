package org.hotspare.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What this process may do, and on which kernel.
 *
 * @param effective its capabilities, of those that matter here
 * @param userId its effective user id
 * @param kernelRelease such as {@code 6.12.3-amd64}
 */
public record Privileges(Set<Capability> effective, int userId, String kernelRelease) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");
  private static final Pattern EFFECTIVE =
      Pattern.compile("^CapEff:\\s*([0-9a-f]{1,16})$", Pattern.MULTILINE);
  private static final Pattern USER_ID =
      Pattern.compile("^Uid:\\s*\\d+\\s+(\\d+)", Pattern.MULTILINE);
  private static final Pattern VERSION = Pattern.compile("(\\d{1,5})\\.(\\d{1,5}).*");

  public Privileges {
    effective = Set.copyOf(effective);
  }

  public static Privileges ofThisProcess() throws IOException {
    String status = Files.readString(STATUS, StandardCharsets.ISO_8859_1);
    String release = Files.readString(RELEASE, StandardCharsets.ISO_8859_1).strip();
    return parse(status, release);
  }

  static Privileges parse(String status, String release) throws LinuxException {
    long bits = Long.parseUnsignedLong(field(EFFECTIVE, status), 16);
    Set<Capability> effective = EnumSet.noneOf(Capability.class);
    for (Capability capability : Capability.values()) {
      if ((bits >>> capability.number() & 1) != 0) {
        effective.add(capability);
      }
    }
    return new Privileges(effective, Integer.parseUnsignedInt(field(USER_ID, status)), release);
  }

  private static String field(Pattern pattern, String status) throws LinuxException {
    Matcher found = pattern.matcher(status);
    if (!found.find()) {
      throw new LinuxException(Errno.EUCLEAN, "read", STATUS.toString());
    }
    return found.group(1);
  }

  public boolean has(Capability capability) {
    return effective.contains(capability);
  }

  /** Whether the kernel is of this version or a later one; false if its release is unreadable. */
  public boolean isKernelAtLeast(int major, int minor) {
    Matcher version = VERSION.matcher(kernelRelease);
    if (!version.matches()) {
      return false;
    }
    int actualMajor = Integer.parseInt(version.group(1));
    int actualMinor = Integer.parseInt(version.group(2));
    return actualMajor > major || (actualMajor == major && actualMinor >= minor);
  }
}
