package org.hotspare.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.jspecify.annotations.Nullable;

/**
 * Finds, through {@code /proc}, who has files open for writing or mapped shared and writable: such
 * writes raise no event until the file is closed. One pass over all processes may be spread over
 * many calls. For one thread.
 */
public final class ProcessFiles implements AutoCloseable {
  private static final Name FD = Name.of("fd");
  private static final Name MAPS = Name.of("maps");
  private static final Name MAP_FILES = Name.of("map_files");
  private static final int WRITABLE = 0200;
  private static final int MAX_MAPS_BYTES = 64 << 20;

  private final DirFd proc;
  private final Set<Long> devices;
  private final int skippedPid;
  private int lastPid;

  /**
   * @param devices of {@link Stat#device()}: files elsewhere are not reported
   * @param skipOwn whether this process's own files are not reported
   */
  public ProcessFiles(Set<Long> devices, boolean skipOwn) throws LinuxException {
    this.proc = DirFd.openRoot(Bytes.of("/proc"));
    this.devices = Set.copyOf(devices);
    this.skippedPid = skipOwn ? Math.toIntExact(ProcessHandle.current().pid()) : 0;
  }

  /**
   * Looks at the next processes, at least one, until the time is used up. A file that a process has
   * open many times is reported as often. Processes that end meanwhile, or may not be looked into,
   * are left out.
   *
   * @return whether the pass is complete; the next call then starts a new one
   */
  public boolean scan(long budgetNanos, Consumer<OpenFile> found) throws LinuxException {
    long start = System.nanoTime();
    for (int pid : Processes.ids(proc)) {
      if (pid <= lastPid) {
        continue;
      }
      if (pid != skippedPid) {
        scanProcess(pid, found);
      }
      lastPid = pid;
      if (System.nanoTime() - start >= budgetNanos) {
        return false;
      }
    }
    lastPid = 0;
    return true;
  }

  private void scanProcess(int pid, Consumer<OpenFile> found) throws LinuxException {
    try (DirFd process = proc.openDirectory(Name.of(Integer.toString(pid)))) {
      scanDescriptors(pid, process, found);
      scanMappings(pid, process, found);
    } catch (LinuxException failure) {
      if (!isGone(failure)) {
        throw failure;
      }
    }
  }

  /** Processes end at any time, and some are closed to all but the privileged. */
  private static boolean isGone(LinuxException failure) {
    return failure.is(Errno.ENOENT, Errno.ESRCH, Errno.EACCES, Errno.EPERM);
  }

  private void scanDescriptors(int pid, DirFd process, Consumer<OpenFile> found)
      throws LinuxException {
    try (DirFd descriptors = process.openDirectory(FD);
        Listing listing = descriptors.list()) {
      for (Listed next = listing.next(); next != null; next = listing.next()) {
        report(pid, descriptors, next.name(), false, found);
      }
    }
  }

  /** Leaves out what was closed meanwhile. */
  private void report(int pid, DirFd links, Name link, boolean mapped, Consumer<OpenFile> found)
      throws LinuxException {
    OpenFile file;
    try {
      file = look(pid, links, link, mapped);
    } catch (LinuxException failure) {
      if (isGone(failure)) {
        return;
      }
      throw failure;
    }
    if (file != null) {
      found.accept(file);
    }
  }

  /** Null for what is not asked for. The link's own permissions tell how its file is open. */
  private @Nullable OpenFile look(int pid, DirFd links, Name link, boolean mapped)
      throws LinuxException {
    Stat own = links.stat(link);
    if (own.kind() != FileKind.SYMBOLIC_LINK || (own.permissions() & WRITABLE) == 0) {
      return null;
    }
    long device;
    long inode;
    try (Scratch scratch = Scratch.take()) {
      links.check(links.statxFollowing(scratch, link), Syscall.STATX, link);
      MemorySegment statx = scratch.struct();
      // Not as a Stat: an eventfd or an epoll is of no kind of file at all.
      int kind = statx.get(ValueLayout.JAVA_SHORT, 28) >> 12 & 0xf;
      device = Stat.deviceOf(statx);
      inode = Stat.inodeOf(statx);
      if (kind != FileKind.REGULAR_FILE.code() || !devices.contains(device)) {
        return null;
      }
    }
    return new OpenFile(pid, device, inode, links.readLink(link), mapped);
  }

  private void scanMappings(int pid, DirFd process, Consumer<OpenFile> found)
      throws LinuxException {
    List<Mapping> mappings = Mapping.parse(readMaps(process));
    if (mappings.isEmpty()) {
      return;
    }
    DirFd files = openMapFiles(process);
    try (files) {
      for (Mapping mapping : mappings) {
        if (files != null) {
          // The kernel's own link, since the device in the text is not stat's on btrfs.
          report(pid, files, mapping.link(), true, found);
        } else if (devices.contains(mapping.device())) {
          found.accept(new OpenFile(pid, mapping.device(), mapping.inode(), mapping.path(), true));
        }
      }
    }
  }

  /** Null where only the text may be read: the links need CAP_SYS_ADMIN or their like. */
  private static @Nullable DirFd openMapFiles(DirFd process) throws LinuxException {
    try {
      return process.openDirectory(MAP_FILES);
    } catch (LinuxException failure) {
      if (failure.is(Errno.EPERM, Errno.EACCES)) {
        return null;
      }
      throw failure;
    }
  }

  private static byte[] readMaps(DirFd process) throws LinuxException {
    byte[] text = new byte[1 << 16];
    int length = 0;
    try (FileFd maps = process.openFile(MAPS, Access.READ);
        Scratch scratch = Scratch.take()) {
      ByteBuffer buffer = scratch.large().asByteBuffer();
      while (length < MAX_MAPS_BYTES) {
        int read = maps.read(buffer.clear(), length);
        if (read == 0) {
          break;
        }
        if (length + read > text.length) {
          text = Arrays.copyOf(text, Math.max(length + read, length * 2));
        }
        buffer.flip().get(text, length, read);
        length += read;
      }
    }
    return Arrays.copyOf(text, length);
  }

  @Override
  public void close() {
    proc.close();
  }
}
