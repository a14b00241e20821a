package org.hotspare.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hotspare.linux.LoopFileSystem;
import org.hotspare.testing.Await;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DiskCheckTest {
  private LoopFileSystem disk = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 16);

  @BeforeEach
  void hasADisk() {
    assertThat(disk.path()).isDirectory();
  }

  @AfterEach
  void release() {
    disk.close();
  }

  @Test
  void writesAndSaysWhatIsLeft() throws Exception {
    assertThat(Looks.passes(new DiskCheck(disk.path(), 1 << 20)))
        .matches("1\\d of 1\\d MiB are left on .*");
    assertThat(disk.path().resolve("disk-check")).hasSize(4096);
    assertThat(Looks.fails(new DiskCheck(disk.path(), 1 << 30)))
        .endsWith(disk.path() + "; expected 1024 MiB");
  }

  @Test
  void whatCannotBeWrittenToIsAFailure() throws Exception {
    Path gone = disk.path().resolve("gone");
    assertThat(Looks.fails(new DiskCheck(gone, 0)))
        .startsWith("opening " + gone + ": ")
        .contains("No such file");
    Looks.passes(new DiskCheck(disk.path(), 0));
    Command.succeed(List.of("mount", "-o", "remount,ro", disk.path().toString()));
    assertThat(Looks.fails(new DiskCheck(disk.path(), 0))).contains("Read-only file system");
  }

  @Test
  void aFullDiskIsToldByItsSpaceAlone() throws Exception {
    Looks.passes(new DiskCheck(disk.path(), 0));
    Path filler = disk.path().resolve("filler");
    Command.run(
        Duration.ofMinutes(1), List.of("dd", "if=/dev/zero", "of=" + filler, "bs=1M", "count=99"));
    assertThat(Looks.passes(new DiskCheck(disk.path(), 0))).startsWith("0 of ");
    assertThat(Looks.fails(new DiskCheck(disk.path(), 1))).startsWith("0 of ");
    Files.delete(filler);
  }

  /** It needs new space for what is written over, too. */
  @Test
  void aFullDiskThatCopiesOnWritingIsNotABrokenOne() throws Exception {
    try (LoopFileSystem copying = LoopFileSystem.create(LoopFileSystem.Kind.BTRFS, 320)) {
      DiskCheck check = new DiskCheck(copying.path(), 0);
      Looks.passes(check);
      Path filler = copying.path().resolve("filler");
      Command.run(Duration.ofMinutes(1), List.of("dd", "if=/dev/zero", "of=" + filler, "bs=64k"));
      Command.run(
          Duration.ofMinutes(1), List.of("dd", "if=/dev/zero", "of=" + filler + "2", "bs=4k"));
      assertThat(Looks.passes(check)).startsWith("0 of ").contains("a write finds no space: ");
      assertThat(Looks.fails(new DiskCheck(copying.path(), 1 << 20))).endsWith("; expected 1 MiB");
    }
  }

  @Test
  void aDiskThatHangsIsFoundByTheMissingAnswerAndHoldsUpNothingElse() throws Exception {
    Schedule schedule = new Schedule(Duration.ofMillis(200), Duration.ofMillis(150), 3, 1);
    DiskCheck check = new DiskCheck(disk.path(), 0);
    Check hanging = new Check("disk", check, schedule);
    Check other = new Check("other", new PingCheck(List.of("127.0.0.1")), schedule);
    Checks checks = Checks.start((now, before) -> {});
    try {
      checks.replace(List.of(hanging, other));
      Await.await("both are up", () -> health(checks, 0) == Health.UP);
      Freeze frozen = Freeze.of(disk.path());
      try (frozen) {
        Await.await("it is down", () -> health(checks, 0) == Health.DOWN);
        long looks = standing(checks, 0).looks();
        long others = standing(checks, 1).looks();
        // Other times, as after a reload, start no second thread on the same disk.
        checks.replace(
            List.of(
                new Check("disk", check, new Schedule(schedule.every(), schedule.timeout(), 2, 2)),
                other));
        Await.await("five more are missing", () -> standing(checks, 0).looks() >= looks + 5);
        assertThat(standing(checks, 0).text())
            .contains("has not come back; before: no answer within 150 ms, ");
        assertThat(standing(checks, 1).looks()).isGreaterThan(others + 3);
        assertThat(threads("check-disk")).isEqualTo(1);
        // A thread that cannot be ended does not keep it from being closed.
        checks.close();
        assertThat(threads("check-disk")).isEqualTo(1);
      }
    } finally {
      checks.close();
    }
    Await.await("its thread is gone", () -> threads("check-disk") == 0);
    Looks.passes(check);
  }

  private static Standing standing(Checks checks, int index) {
    List<Checked> now = checks.snapshot();
    return now.size() > index ? now.get(index).standing() : Standing.unknown(0);
  }

  private static Health health(Checks checks, int index) {
    return standing(checks, index).health();
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .count();
  }
}
