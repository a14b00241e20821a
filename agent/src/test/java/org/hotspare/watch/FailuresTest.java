package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.DirFd;
import org.hotspare.linux.LinuxException;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private static final EntryId DIRECTORY = new EntryId(7);
  private static final RelPath PATH = RelPath.of("directory");
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Problems problems = new Problems();
  private long now;
  private final Failures failures = new Failures(problems, () -> now);

  /** Of a call that does fail. */
  private static LinuxException failure() {
    try (DirFd _ = DirFd.openRoot(Path.of("/proc/self/status"))) {
      throw new AssertionError("a file was opened as a directory");
    } catch (LinuxException e) {
      return e;
    }
  }

  private static Place place(Name name) {
    return new Place(DIRECTORY, name);
  }

  private void fail(Name name) {
    failures.add(place(name), PATH.child(name), false, failure());
  }

  private void failItself() {
    failures.add(Place.itself(DIRECTORY), PATH, false, failure());
  }

  private List<Failures.Due> nextDue() {
    while (!failures.isDue()) {
      now += SECOND;
    }
    return failures.takeDue();
  }

  /** One more than are noted. */
  private void failPastTheLimit() {
    for (int i = 0; i <= Failures.MOST; i++) {
      fail(Name.of("file" + i));
    }
  }

  @Test
  void whatIsBeingListedAgainIsStillUnseen() {
    Name bad = Name.of("bad");
    fail(bad);
    assertThat(nextDue()).containsExactly(new Failures.Due(place(bad), false));
    assertThat(failures.unseen().paths()).containsExactly(PATH.child(bad));
    fail(bad);
    assertThat(failures.unseen().paths()).containsExactly(PATH.child(bad));
    failures.listed(DIRECTORY, Set.of(bad));
    failures.settle(true);
    assertThat(failures.unseen().paths()).containsExactly(PATH.child(bad));
    assertThat(failures.unseen().words())
        .isEqualTo("1 path cannot be looked at, such as directory/bad");

    assertThat(nextDue()).hasSize(1);
    failures.listed(DIRECTORY, Set.of());
    failures.settle(true);
    assertThat(failures.unseen().isNone()).isTrue();
    assertThat(problems.count()).isZero();
    now += 1000 * SECOND;
    assertThat(failures.isDue()).isFalse();
  }

  @Test
  void whatWasNotFoundInItsTurnIsStillUnseenAndHasAnother() {
    fail(Name.of("bad"));
    for (int i = 0; i < 3; i++) {
      assertThat(nextDue()).hasSize(1);
      failures.settle(false);
      assertThat(failures.unseen().paths()).hasSize(1);
    }
  }

  @Test
  void whatIsPastTheLimitIsStillUnseen() {
    failPastTheLimit();
    assertThat(failures.unseen().more()).isTrue();
    assertThat(failures.unseen().words())
        .isEqualTo("more than 10,000 paths cannot be looked at, such as directory/file0");
    failures.listed(DIRECTORY, Set.of());
    assertThat(failures.unseen().paths()).isEmpty();
    assertThat(failures.unseen().isNone()).isFalse();
    assertThat(failures.unseen().words()).isEqualTo("more than 0 paths cannot be looked at");

    assertThat(nextDue()).containsExactly(new Failures.Due(Place.ROOT, true));
    assertThat(failures.unseen().more()).as("while the tree is read").isTrue();
    failures.listed(EntryId.ROOT, Set.of());
    assertThat(failures.unseen().more()).as("while what is below is read").isTrue();
    failures.settle(false);
    assertThat(failures.unseen().more()).as("a directory was not found").isTrue();

    assertThat(nextDue()).containsExactly(new Failures.Due(Place.ROOT, true));
    failPastTheLimit();
    failures.settle(true);
    assertThat(failures.unseen().more()).as("too many failed again").isTrue();

    failures.forget(DIRECTORY);
    assertThat(nextDue()).containsExactly(new Failures.Due(Place.ROOT, true));
    failures.settle(true);
    assertThat(failures.unseen().isNone()).isTrue();
    now += 1000 * SECOND;
    assertThat(failures.isDue()).isFalse();
  }

  @Test
  void aDirectoryIsAProblemUntilNeitherItNorItsNameFails() {
    Place name = new Place(EntryId.ROOT, Name.of("directory"));
    failItself();
    failures.add(name, PATH, false, failure());
    failures.over(name, PATH);
    assertThat(problems.count()).isEqualTo(1);
    failures.listed(DIRECTORY, Set.of());
    assertThat(problems.count()).isZero();
  }

  @Test
  void whatIsBelowANameThatIsGoneIsUnseenUntilItsDirectoryIsForgotten() {
    fail(Name.of("bad"));
    problems.add(PATH.child(Name.of("other")), "of another kind");
    failures.gone(new Place(EntryId.ROOT, Name.of("directory")), PATH);
    assertThat(failures.unseen().paths()).containsExactly(PATH.child(Name.of("bad")));
    assertThat(problems.count()).isEqualTo(1);
    failures.forget(DIRECTORY);
    assertThat(failures.unseen().isNone()).isTrue();
    assertThat(problems.count()).isZero();
  }

  @Test
  void whatIsBelowIsAskedForOnce() {
    failures.add(Place.itself(DIRECTORY), PATH, true, failure());
    failItself();
    assertThat(failures.takeBelow(Place.itself(DIRECTORY))).isTrue();
    assertThat(failures.takeBelow(Place.itself(DIRECTORY))).isFalse();
  }
}
