package org.hotspare.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.hotspare.linux.LoopFileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A comparer that finds nothing is worth only as much as the proof that it would: every kind of
 * difference is made once, alone, and has to be seen.
 */
class CompareTreesTest {
  private static final String SAMPLE =
      """
      set -e
      mkdir -p directory/below directory/.hotspare special
      printf 'the content of a file\\n' > file
      cp file directory/below/other
      printf x > "$(printf 'name-\\377')"
      printf linked > first; ln first second; ln first directory/third
      printf linked > fourth; ln fourth fifth
      touch -d 2020-01-02 first fourth
      dd if=/dev/zero of=zeros bs=4096 count=16 2>&1
      truncate -s 65536 sparse
      printf data | dd of=sparse bs=4096 seek=8 conv=notrunc 2>&1
      ln -s target link
      mkfifo special/fifo
      mknod special/device c 10 20
      setfattr -n user.name -v value file
      setfattr -n trusted.name -v value file
      setfattr -n security.name -v value file
      setfattr -n user.name -v value directory
      setfattr -h -n trusted.name -v value link
      setfacl -m u:1234:r file
      setfacl -d -m u:1234:rx directory
      """;

  /**
   * @param script runs in the second tree; afterwards all times are set as in the first
   * @param lines what each difference found says at least
   */
  record Mutation(String script, List<String> lines) {
    static Mutation of(String script, String... lines) {
      return new Mutation(script, List.of(lines));
    }

    @Override
    public String toString() {
      return script;
    }
  }

  private Path parent = Path.of("");
  private Path one = Path.of("");
  private Path other = Path.of("");

  @BeforeEach
  void makeTwoEqualTrees() throws IOException {
    parent = Files.createTempDirectory(Path.of("/dev/shm"), "hotspare-compare");
    one = Files.createDirectory(parent.resolve("one"));
    other = parent.resolve("other");
    sh(one, SAMPLE);
    Command.succeed(List.of("cp", "-a", one.toString(), other.toString()));
  }

  @AfterEach
  void remove() {
    Zoo.delete(parent);
  }

  private static void sh(Path directory, String script) {
    Command.succeed(List.of("sh", "-c", "cd '" + directory + "' && {\n" + script + "\n}"));
  }

  private void setTimesAsInTheFirst() {
    sh(one, "find . -depth -exec touch -c -h -r {} '" + other + "/{}' \\;");
  }

  private Command.Result compare(String... options) {
    List<String> command = Command.script("compare_trees", one, other);
    command.addAll(List.of(options));
    return Command.run(Duration.ofMinutes(1), command);
  }

  private void assertSeen(List<String> lines) {
    Command.Result result = compare();
    assertThat(result.status()).as(result.output()).isEqualTo(1);
    List<String> found = result.output().lines().toList();
    assertThat(found.getFirst()).isEqualTo(lines.size() + " differences:");
    for (int i = 0; i < lines.size(); i++) {
      assertThat(found.get(i + 1)).contains(lines.get(i));
    }
  }

  @Test
  void copiesAreTheSame() {
    Command.Result result = compare();
    assertThat(result.output()).isEqualTo("18 entries are the same\n");
    assertThat(result.status()).isZero();
  }

  static Stream<Mutation> mutations() {
    return Stream.of(
        Mutation.of(
            "printf X | dd of=file bs=1 seek=5 conv=notrunc", "file: content: differs at byte 5"),
        Mutation.of(
            "printf X | dd of=sparse bs=1 seek=32770 conv=notrunc",
            "sparse: content: differs at byte 32770"),
        Mutation.of("printf more >> file", "file: size: 22 | 26"),
        Mutation.of("chmod o+w directory/below/other", "other: permissions: '0o644' | '0o646'"),
        Mutation.of("chmod u+s directory/below/other", "other: permissions: '0o644' | '0o4644'"),
        Mutation.of("chmod +t directory/below", "directory/below: permissions"),
        Mutation.of("chmod g+w .", ".: permissions"),
        Mutation.of("chown 7 directory/below/other", "other: owner: 0 | 7"),
        Mutation.of("chgrp 7 directory/below/other", "other: group: 0 | 7"),
        Mutation.of(
            "chown -h 7 link; setfattr -h -n trusted.name -v value link", "link: owner: 0 | 7"),
        Mutation.of("chgrp 7 special/fifo", "special/fifo: group: 0 | 7"),
        Mutation.of(
            "ln -sfn targes link; setfattr -h -n trusted.name -v value link",
            "link: target: b'target' | b'targes'"),
        Mutation.of(
            "rm special/fifo; mknod special/fifo c 1 2; chmod 644 special/fifo",
            "special/fifo: device: None | (1, 2)",
            "special/fifo: kind: 'fifo' | 'character device'"),
        Mutation.of(
            "rm special/device; mknod special/device c 10 21; chmod 644 special/device",
            "special/device: device: (10, 20) | (10, 21)"),
        Mutation.of(
            "rm special/device; mknod special/device c 11 20; chmod 644 special/device",
            "special/device: device: (10, 20) | (11, 20)"),
        Mutation.of(
            "rm special/device; mknod special/device b 10 20; chmod 644 special/device",
            "special/device: kind: 'character device' | 'block device'"),
        Mutation.of(
            "cp second x; mv x second",
            "directory/third: hard links",
            "first: hard links",
            "second: hard links"),
        Mutation.of(
            "ln -f first fourth",
            "directory/third: hard links",
            "fifth: hard links",
            "first: hard links",
            "fourth: hard links",
            "second: hard links"),
        Mutation.of(
            "mv second x; mv fifth second; mv x fifth",
            "directory/third: hard links",
            "fifth: hard links",
            "first: hard links",
            "fourth: hard links",
            "second: hard links"),
        Mutation.of("fallocate -p -o 8192 -l 4096 zeros", "zeros: holes: () | ((8192, 12288),)"),
        Mutation.of(
            "dd if=/dev/zero of=sparse bs=4096 count=1 seek=15 conv=notrunc", "sparse: holes"),
        Mutation.of(
            "setfattr -n user.name -v valve file",
            "file: extended attributes: [('user.name', b'value')] | [('user.name', b'valve')]"),
        Mutation.of(
            "setfattr -n trusted.name -v valve file",
            "file: extended attributes: [('trusted.name'"),
        Mutation.of(
            "setfattr -n security.name -v valve file",
            "file: extended attributes: [('security.name'"),
        Mutation.of(
            "setfattr -x user.name file",
            "file: extended attributes: [('user.name', b'value')] | []"),
        Mutation.of(
            "setfattr -n user.empty file", "file: extended attributes: [] | [('user.empty', b'')]"),
        Mutation.of("setfattr -x user.name directory", "directory: extended attributes"),
        Mutation.of("setfattr -h -x trusted.name link", "link: extended attributes"),
        Mutation.of(
            "setfacl -m u:1234:- file", "file: extended attributes: [('system.posix_acl_access'"),
        Mutation.of(
            "setfacl -m u:1235:r file", "file: extended attributes: [('system.posix_acl_access'"),
        Mutation.of(
            "setfacl -k directory", "directory: extended attributes: [('system.posix_acl_default'"),
        Mutation.of("rm directory/below/other", "directory/below/other: only in"),
        Mutation.of("printf x > directory/new", "directory/new: only in"),
        Mutation.of("mkdir directory/.hotspare/new", "directory/.hotspare/new: only in"),
        Mutation.of(
            "mv name-* \"$(printf 'name-\\376')\"",
            "name-\\\\xfe: only in",
            "name-\\\\xff: only in"));
  }

  @ParameterizedTest
  @MethodSource("mutations")
  void differenceIsSeen(Mutation mutation) {
    sh(other, mutation.script);
    setTimesAsInTheFirst();
    assertSeen(mutation.lines);
  }

  static Stream<String> entriesWithTimes() {
    return Stream.of("file", "directory/below", "link", "special/fifo", "special/device", ".");
  }

  @ParameterizedTest
  @MethodSource("entriesWithTimes")
  void nanosecondIsSeen(String entry) {
    sh(one, "touch -h -d '2001-02-03 04:05:06.123456789' " + entry);
    sh(other, "touch -h -d '2001-02-03 04:05:06.123456788' " + entry);
    assertSeen(List.of(entry + ": mtime: "));
  }

  @Test
  void quickComparisonLeavesOutWhatIsInFiles() {
    sh(other, "printf X | dd of=file bs=1 seek=5 conv=notrunc");
    setTimesAsInTheFirst();
    assertThat(compare("--quick").status()).isZero();
    assertThat(compare().status()).isEqualTo(1);
  }

  @Test
  void whatWasReservedAndNeverWrittenIsAHoleEvenWhileItIsCached() throws IOException {
    try (LoopFileSystem ext4 = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64)) {
      for (String size : List.of("100", "40000")) {
        sh(ext4.path(), "rm -rf *; mkdir one other; fallocate -l " + size + " one/reserved");
        sh(ext4.path(), "truncate -s " + size + " other/reserved; cat one/reserved");
        sh(ext4.path(), "touch -r one/reserved other/reserved; touch -r one other");
        List<String> command =
            Command.script(
                "compare_trees", ext4.path().resolve("one"), ext4.path().resolve("other"));
        Command.Result same = Command.run(Duration.ofMinutes(1), command);
        assertThat(same.output()).isEqualTo("2 entries are the same\n");
        sh(ext4.path(), "printf x | dd of=one/reserved conv=notrunc; touch -r other/* one/*");
        Command.Result differs = Command.run(Duration.ofMinutes(1), command);
        assertThat(differs.output()).startsWith("1 differences:\nreserved: holes:");
      }
    }
  }

  /** As the end of a file that was being written when the power went. */
  @Test
  void whatWasReservedAndNeverWrittenMayBeZerosOnTheOtherSide() throws IOException {
    try (LoopFileSystem ext4 = LoopFileSystem.create(LoopFileSystem.Kind.EXT4, 64)) {
      sh(ext4.path(), "mkdir one other; fallocate -l 8000 one/file; cat one/file");
      sh(ext4.path(), "head -c 8000 /dev/zero >other/file; touch -r one/file other/file");
      sh(ext4.path(), "touch -r one other");
      List<String> command =
          Command.script("compare_trees", ext4.path().resolve("one"), ext4.path().resolve("other"));
      Command.Result same = Command.run(Duration.ofMinutes(1), command);
      assertThat(same.output()).isEqualTo("2 entries are the same\n");
      sh(ext4.path(), "printf x | dd of=other/file conv=notrunc bs=1 seek=5000");
      sh(ext4.path(), "touch -r one/file other/file");
      Command.Result differs = Command.run(Duration.ofMinutes(1), command);
      assertThat(differs.output()).contains("file: content: differs at byte 5000");
    }
  }

  @Test
  void workDirectoryOfTheMirrorAndItsTraceAreLeftOut() {
    sh(other, "mkdir .hotspare; printf x > .hotspare/file");
    assertThat(compare().status()).isZero();
  }

  @Test
  void waitsUntilTheTreesAreTheSame() throws IOException {
    Path late = one.resolve("directory/late");
    Files.createFile(late);
    setTimesAsInTheFirst();
    assertThat(compare().status()).isEqualTo(1);
    try (Background waiting =
        new Background(Command.script("compare_trees", one, other, "--wait", 60))) {
      Files.createFile(other.resolve("directory/late"));
      setTimesAsInTheFirst();
      assertThat(waiting.await(Duration.ofMinutes(1))).contains("entries are the same");
    }
  }
}
