package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import org.hotspare.testing.Command;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happened while the agents were down is found at their next start, and only that is sent. */
final class DowntimeTest {
  private static final String BEFORE =
      """
      for d in $(seq 20); do
        mkdir -p d$d/sub
        for f in $(seq 20); do echo "$d $f" >d$d/f$f; done
        echo inside >d$d/sub/inside
      done
      ln d1/f1 d2/linked
      ln -s d1 symlink
      touch -d '2020-01-02 03:04:05.123456789' d3/f1 d3/f2
      """;

  /** The sizes and times of what is edited in d3 stay the same: only the ctime tells. */
  private static final String CHANGES =
      """
      echo edited >d1/f1
      echo longer than before >>d2/f2
      before=$(stat -c %s d3/f1)
      echo '3 X' >d3/f1; touch -d '2020-01-02 03:04:05.123456789' d3/f1
      test $before = $(stat -c %s d3/f1)
      mv d4 d5/moved
      mv d6 d6.away; mkdir d6; echo new >d6/f1
      mv d7 d7.swap; mv d8 d7; mv d7.swap d8
      rm -r d9
      rm d10/f1; ln d10/f2 d11/another; ln d1/f2 d12/f2.linked; rm d1/f2
      chmod 600 d13/f1; chmod 750 d13; chown 1000:1000 d14/f1
      setfattr -n user.added -v value d15/f1
      rm symlink; mkdir symlink
      rm d16/f1; ln -s f2 d16/f1
      rm -r d17/sub; echo a file now >d17/sub
      touch d18
      : >d19/f1
      truncate -s 1M d20/f1
      """;

  @ParameterizedTest
  @EnumSource
  void changesOfEveryKindAreFound(PairOn.Place place) throws Exception {
    try (PairOn on = PairOn.make(place, 100)) {
      TestPair pair = on.pair();
      run(on, BEFORE);
      pair.start();
      pair.assertSame();
      long moved = on.inodeOfCopy("d4/f7");
      long untouched = on.inodeOfCopy("d18/f7");

      pair.stop();
      run(on, CHANGES);
      pair.start();
      pair.assertSame();
      assertThat(Files.readString(on.copy().resolve("d3/f1"))).isEqualTo("3 X\n");
      assertThat(on.inodeOfCopy("d5/moved/f7")).as("moved, not sent").isEqualTo(moved);
      assertThat(on.inodeOfCopy("d18/f7")).isEqualTo(untouched);
    }
  }

  private static void run(PairOn on, String script) {
    Command.succeed(List.of("/bin/sh", "-e", "-c", "cd " + on.tree() + "\n" + script));
  }
}
