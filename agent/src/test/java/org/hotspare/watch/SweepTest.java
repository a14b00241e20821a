package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.linux.Stat;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SweepTest {
  private final LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
  private final List<Process> processes = new ArrayList<>();
  private final ConcurrentLinkedQueue<SweptTree.Candidate> found = new ConcurrentLinkedQueue<>();

  @AfterEach
  void cleanUp() throws InterruptedException {
    endProcesses();
    fileSystem.close();
  }

  private void endProcesses() throws InterruptedException {
    for (Process process : processes) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
  }

  /** Runs until the end of the test; has printed a line when this returns. */
  private void start(String... command) throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    processes.add(process);
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(output.readLine()).isEqualTo("ready");
  }

  private Sweep sweep() throws IOException {
    Sweep sweep = Sweep.start();
    add(sweep, fileSystem, found);
    return sweep;
  }

  private static SweptTree add(
      Sweep sweep, LoopFileSystem tree, ConcurrentLinkedQueue<SweptTree.Candidate> to)
      throws IOException {
    try (DirFd root = tree.open()) {
      Set<Long> devices = Set.of(root.stat().device());
      return sweep.tree(Bytes.of(tree.path().toString()), () -> devices, to::add);
    }
  }

  /** Also a tree that comes while the sweep rests is swept at once. */
  @Test
  void onePassTellsEachTreeOfItsOwnFiles() throws Exception {
    ConcurrentLinkedQueue<SweptTree.Candidate> foundInOther = new ConcurrentLinkedQueue<>();
    try (LoopFileSystem other = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64);
        Sweep sweep = sweep()) {
      start(
          "sh",
          "-c",
          "exec 3>$0/here 4>$1/there; echo ready; exec sleep 60",
          fileSystem.path().toString(),
          other.path().toString());
      long before = sweep.passes();
      SweptTree second = add(sweep, other, foundInOther);
      await(
          "both are found",
          Duration.ofSeconds(20),
          () -> !found.isEmpty() && !foundInOther.isEmpty());
      assertThat(sweep.passes() - before).isLessThanOrEqualTo(2);
      assertThat(found).extracting(SweptTree.Candidate::path).containsOnly(RelPath.of("here"));
      assertThat(foundInOther)
          .extracting(SweptTree.Candidate::path)
          .containsOnly(RelPath.of("there"));
      second.close();
      foundInOther.clear();
      long closed = sweep.passes();
      await("it goes on", Duration.ofSeconds(20), () -> sweep.passes() > closed + 1);
      assertThat(foundInOther).isEmpty();
      // They have files open on the other one.
      endProcesses();
    }
  }

  private SweptTree.Candidate candidate(String path, boolean mapped) throws IOException {
    try (DirFd root = fileSystem.open()) {
      Stat stat = root.stat(RelPath.of(path));
      return new SweptTree.Candidate(RelPath.of(path), stat.device(), stat.inode(), mapped);
    }
  }

  @Test
  void findsAFileThatIsOnlyStoredInto() throws Exception {
    Path file = fileSystem.path().resolve("a/mapped");
    Files.createDirectories(file.getParent());
    Files.write(file, new byte[8192]);
    String program =
        """
        import mmap, os, sys, time
        fd = os.open(sys.argv[1], os.O_RDWR)
        m = mmap.mmap(fd, 8192)
        os.close(fd)
        m[5000:5004] = b'abcd'
        print('ready', flush=True)
        time.sleep(60)
        """;
    // The mmap module keeps a descriptor of its own, which the mapping must do without here.
    start("python3", "-c", program.replace("m[5000", "os.close(fd + 1)\nm[5000"), file.toString());
    try (Sweep sweep = sweep()) {
      SweptTree.Candidate expected = candidate("a/mapped", true);
      await("it is found", Duration.ofSeconds(20), () -> found.contains(expected));
      assertThat(sweep.problem()).isEmpty();
    }
  }

  @Test
  void findsAFileThatIsWrittenByLibaio() throws Exception {
    String program =
        """
        echo ready
        exec fio --name=x --filename="$0" --size=1m --rw=randwrite --bs=4k --ioengine=libaio \
          --direct=1 --time_based --runtime=60 --rate_iops=50 --output=/dev/null
        """;
    start("sh", "-c", program, fileSystem.path().resolve("database").toString());
    await(
        "it is there",
        Duration.ofSeconds(20),
        () -> Files.exists(fileSystem.path().resolve("database")));
    try (Sweep sweep = sweep()) {
      SweptTree.Candidate expected = candidate("database", false);
      await("it is found", Duration.ofSeconds(20), () -> found.contains(expected));
      assertThat(sweep.problem()).isEmpty();
    }
  }

  @Test
  void keepsToItsShareAndStillComesRound() throws Exception {
    String program =
        """
        import os, sys, time
        for child in range(150):
            if os.fork() == 0:
                for i in range(50):
                    os.open(sys.argv[1] + '/f%d' % i, os.O_RDWR | os.O_CREAT)
                time.sleep(120)
        time.sleep(1)
        print('ready', flush=True)
        time.sleep(120)
        """;
    start("python3", "-c", program, fileSystem.path().toString());
    long start = System.nanoTime();
    try (Sweep sweep = sweep()) {
      await("all was swept twice", Duration.ofSeconds(60), () -> sweep.passes() >= 2);
      double share = (double) sweep.cpuNanos() / (System.nanoTime() - start);
      System.out.printf(
          "SweepTest: %.2f %% of a core, last pass %s%n", share * 100, sweep.lastPass());
      assertThat(share).isLessThan(0.055);
      assertThat(found.stream().distinct().count()).isEqualTo(50);
    }
  }
}
