package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.hotspare.testing.Command;
import org.hotspare.testing.Writer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What people and programs do in a mirrored directory, each on one filesystem, or on all. */
final class OrdinaryWorkTest {
  private static final int MEGABYTES = 1500;
  private static final int ENTRIES = 50_000;
  private static final int FEWER_ENTRIES = 10_000;

  private static String shell(String script) {
    return Command.succeed(List.of("/bin/sh", "-e", "-c", script));
  }

  @ParameterizedTest
  @EnumSource(names = "XFS")
  void aRepositoryIsClonedAndPacked(PairOn.Place place) throws Exception {
    try (PairOn on = PairOn.make(place, MEGABYTES)) {
      Path origin = on.pair().alpha().state().resolveSibling("origin");
      makeRepository(origin);
      // So that what the repository drops when it is packed is no mass deletion.
      shell("mkdir %1$s/other; cd %1$s/other; seq 4000 | split -l 1 -a 3".formatted(on.tree()));
      on.pair().start().barrier();
      shell("git clone -q %s %s/work".formatted(origin, on.tree()));
      on.pair().assertSame();
      shell(
          "cd %s/work; git gc -q --aggressive --prune=now; git checkout -q HEAD~20"
              .formatted(on.tree()));
      on.pair().assertSame();
      assertThat(
              shell(
                  "cd %s/work; git fsck --full --no-progress; git status --short"
                      .formatted(on.copy())))
          .isEmpty();
    }
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "XFS")
  void aRepositoryIsClonedAndPackedElsewhere(PairOn.Place place) throws Exception {
    aRepositoryIsClonedAndPacked(place);
  }

  private static void makeRepository(Path bare) {
    shell(
        """
        exec 2>&1
        work=%s.work; mkdir -p $work; cd $work
        git init -q .
        git config user.name test; git config user.email test@localhost
        for commit in $(seq 60); do
          mkdir -p d$((commit %% 7))
          for file in $(seq 12); do seq $commit $((commit * file)) >d$((commit %% 7))/f$file; done
          git add -A; git commit -q -m "commit $commit"
        done
        git clone -q --bare $work %s
        """
            .formatted(bare, bare));
  }

  @ParameterizedTest
  @EnumSource(names = "EXT4")
  void aDatabaseIsWrittenToAndClosed(PairOn.Place place) throws Exception {
    try (PairOn on = PairOn.make(place, MEGABYTES)) {
      on.pair().start().barrier();
      Path log = on.tree().resolve("log.db");
      Path rollback = on.tree().resolve("rollback.db");
      try (Writer ahead = Writer.start("sqlite_writer", log, "wal", 6, 1);
          Writer behind = Writer.start("sqlite_writer", rollback, "delete", 6, 2)) {
        int rowsAhead = ahead.await();
        int rowsBehind = behind.await();
        on.pair().assertSame();
        assertThat(rowsOfCopy(on, "log.db")).isEqualTo("ok\n%d\n".formatted(rowsAhead));
        assertThat(rowsOfCopy(on, "rollback.db")).isEqualTo("ok\n%d\n".formatted(rowsBehind));
      }
    }
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "EXT4")
  void aDatabaseIsWrittenToAndClosedElsewhere(PairOn.Place place) throws Exception {
    aDatabaseIsWrittenToAndClosed(place);
  }

  /** Checks the standby's database without changing anything beside it. */
  private static String rowsOfCopy(PairOn on, String name) {
    String script =
        """
        import sqlite3, sys
        database = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro&immutable=1", uri=True)
        print(database.execute("PRAGMA integrity_check").fetchone()[0])
        print(database.execute("SELECT count(*) FROM item").fetchone()[0])
        """;
    return Command.succeed(
        List.of("/usr/bin/python3", "-c", script, on.copy().resolve(name).toString()));
  }

  @ParameterizedTest
  @EnumSource(names = "BTRFS")
  void aTreeOfThousandsOfFilesIsUnpackedAndUnpackedAgain(PairOn.Place place) throws Exception {
    try (PairOn on = PairOn.make(place, MEGABYTES)) {
      Path archive = on.pair().alpha().state().resolveSibling("sources.tar");
      shell(
          "cd /usr; find include share/perl share/perl5 share/python3 lib/python3 -type f"
              + " | head -6000 >%1$s.list; tar -cf %1$s -T %1$s.list".formatted(archive));
      on.pair().start().barrier();
      shell("mkdir %1$s/sources; tar -xf %2$s -C %1$s/sources".formatted(on.tree(), archive));
      on.pair().assertSame();
      assertThat(on.pair().alpha().mirror().entries()).isGreaterThan(2000);
      // Every file is deleted and made anew, with the same times and content.
      shell("tar -xf %2$s -C %1$s/sources".formatted(on.tree(), archive));
      on.pair().assertSame();
    }
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BTRFS")
  void aTreeOfThousandsOfFilesIsUnpackedElsewhere(PairOn.Place place) throws Exception {
    aTreeOfThousandsOfFilesIsUnpackedAndUnpackedAgain(place);
  }

  @Test
  void aLargeDirectoryIsRenamedWhileItIsWrittenTo() throws Exception {
    isRenamedWhileItIsWrittenTo(PairOn.Place.EXT4, FEWER_ENTRIES);
  }

  @Tag("long")
  @ParameterizedTest
  @EnumSource
  void aDirectoryOfFiftyThousandIsRenamedWhileItIsWrittenTo(PairOn.Place place) throws Exception {
    isRenamedWhileItIsWrittenTo(place, ENTRIES);
  }

  private static void isRenamedWhileItIsWrittenTo(PairOn.Place place, int entries)
      throws Exception {
    try (PairOn on = PairOn.make(place, MEGABYTES)) {
      Path large = Files.createDirectory(on.tree().resolve("large"));
      shell("cd %s; seq %d | split -l 1 -a 4 - entry-".formatted(large, entries));
      on.pair().start().barrier();
      Map<String, Object> before = inodes(on.copy().resolve("large"));
      assertThat(before).hasSize(entries);
      long sequence = on.pair().alpha().mirror().position().sequence();

      int made;
      try (Writer writer = Writer.start("file_maker", large, 200, 6)) {
        TestPair.await("written to", () -> Files.exists(large.resolve("made-99")));
        Files.move(large, on.tree().resolve("renamed"));
        made = writer.await();
      }
      on.pair().assertSame();
      // What was there before was moved on the standby, not sent again.
      Map<String, Object> after = inodes(on.copy().resolve("renamed"));
      assertThat(after).containsAllEntriesOf(before);
      long numbered = on.pair().alpha().mirror().position().sequence() - sequence;
      assertThat(numbered).as("changes numbered for %d made", made).isLessThan(10L * made);
    }
  }

  private static Map<String, Object> inodes(Path directory) throws IOException {
    Map<String, Object> inodes = new HashMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        inodes.put(file.getFileName().toString(), Files.getAttribute(file, "unix:ino"));
      }
    }
    return inodes;
  }
}
