package org.hotspare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.hotspare.admin.CoverageStatus;
import org.hotspare.admin.Lag;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Problem;
import org.hotspare.admin.Progress;
import org.hotspare.admin.Role;
import org.hotspare.admin.StandbyStatus;
import org.hotspare.admin.Status;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusTextTest {
  private static final CoverageStatus COMPLETE = new CoverageStatus("fanotify", true, "");
  private static final Duration MAX_LAG = Duration.ofSeconds(5);

  private static Status primary(List<String> next, MirrorStatus... mirrors) {
    return new Status(
        "alpha",
        "0.1.0",
        Role.PRIMARY,
        7,
        null,
        null,
        List.of(),
        new Status.PrimaryStatus("alpha", true),
        Arrays.asList(mirrors),
        List.of(),
        List.of(),
        next);
  }

  private static MirrorStatus mirror(
      MirrorState state,
      CoverageStatus coverage,
      List<StandbyStatus> standbys,
      List<Problem> problems,
      @Nullable String held,
      @Nullable Progress progress) {
    return new MirrorStatus(
        "www",
        "/srv/www",
        state,
        new Position(7, 42),
        57_049,
        606_000_000,
        coverage,
        standbys,
        problems,
        problems.size() > 10 ? 1234 : problems.size(),
        held,
        progress);
  }

  private static StandbyStatus standby(String node, boolean connected, Lag lag) {
    return new StandbyStatus(node, connected, new Position(7, 41), lag);
  }

  @Test
  void allIsWell() {
    Status status =
        primary(
            List.of(),
            mirror(
                MirrorState.IN_SYNC,
                COMPLETE,
                List.of(standby("beta", true, Lag.NONE)),
                List.of(),
                null,
                null));
    assertThat(StatusText.of(status))
        .isEqualTo(
            """
            alpha: primary (fixed roles, epoch 7, hotspare 0.1.0)

            www  /srv/www
              in sync; 57,049 entries, 578 MiB
              every change is noticed at once (fanotify)
              beta  up to date

            If alpha died now, nothing would be lost.
            """);
    assertThat(Health.line(status, MAX_LAG))
        .isEqualTo("HOTSPARE OK - alpha is primary, www in sync | 'www beta'=0.000s;5.000");
    assertThat(Health.of(status, MAX_LAG)).isEqualTo(Health.OK);
    assertThat(Health.inSync(status, MAX_LAG)).isTrue();
  }

  @Test
  void standbyIsBehindAndAnotherIsAway() {
    Status status =
        primary(
            List.of(),
            mirror(
                MirrorState.CATCHING_UP,
                COMPLETE,
                List.of(
                    standby("beta", true, new Lag(3, 12_288, 0.4)),
                    standby("gamma-2", false, new Lag(51_000, 5_300_000_000L, 7300))),
                List.of(),
                null,
                null));
    assertThat(StatusText.of(status))
        .isEqualTo(
            """
            alpha: primary (fixed roles, epoch 7, hotspare 0.1.0)

            www  /srv/www
              catching up; 57,049 entries, 578 MiB
              every change is noticed at once (fanotify)
              beta     3 changes, 12 KiB, 0.4 s behind
              gamma-2  NOT CONNECTED, 51,000 changes, 4.9 GiB, 2 h 1 min behind

            If alpha died now, 3 changes, 12 KiB would be lost: the last 0.4 s.
            """);
    assertThat(Health.line(status, MAX_LAG))
        .isEqualTo(
            "HOTSPARE WARNING - alpha is primary, www catching up, gamma-2 not connected |"
                + " 'www beta'=0.400s;5.000 'www gamma-2'=7300.000s;5.000");
    assertThat(Health.inSync(status, MAX_LAG)).isFalse();
  }

  @Test
  void somethingIsHeld() {
    Status status =
        primary(
            List.of("hotspare approve --mirror www", "hotspare reject --mirror www"),
            mirror(
                MirrorState.HELD,
                COMPLETE,
                List.of(standby("beta", true, Lag.NONE)),
                List.of(),
                "57,000 of 57,049 entries were deleted on alpha within 60 s; beta keeps them until"
                    + " someone decides.",
                null));
    assertThat(StatusText.of(status))
        .isEqualTo(
            """
            alpha: primary (fixed roles, epoch 7, hotspare 0.1.0)

            www  /srv/www
              held; 57,049 entries, 578 MiB
              every change is noticed at once (fanotify)
              beta  up to date
              HELD: 57,000 of 57,049 entries were deleted on alpha within 60 s; beta keeps them \
            until someone decides.

            If alpha died now, nothing would be lost.

            Next: hotspare approve --mirror www
                  hotspare reject --mirror www
            """);
    assertThat(Health.of(status, MAX_LAG).exitStatus()).isEqualTo(2);
  }

  @Test
  void filesHaveProblemsAndChangesAreNoticedLate() {
    List<Problem> problems =
        List.of(
            new Problem("cache/x", "permission denied"),
            new Problem("a\\xff", "the standby's disk takes no attribute user.big"));
    Status status =
        primary(
            List.of("echo fs.inotify.max_user_watches=1048576 > /etc/sysctl.d/90-hotspare.conf"),
            mirror(
                MirrorState.DEGRADED,
                new CoverageStatus(
                    "inotify", false, "the limit of watches is reached; the rest is polled"),
                List.of(standby("beta", true, Lag.NONE)),
                problems,
                null,
                null));
    assertThat(StatusText.of(status))
        .isEqualTo(
            """
            alpha: primary (fixed roles, epoch 7, hotspare 0.1.0)

            www  /srv/www
              degraded; 57,049 entries, 578 MiB
              changes may be noticed late (inotify): the limit of watches is reached; the rest is \
            polled
              beta  up to date
              2 files are not mirrored:
                cache/x: permission denied
                a\\xff: the standby's disk takes no attribute user.big

            If alpha died now, nothing would be lost.

            Next: echo fs.inotify.max_user_watches=1048576 > /etc/sysctl.d/90-hotspare.conf
            """);
    assertThat(Health.line(status, MAX_LAG))
        .startsWith("HOTSPARE WARNING - alpha is primary, www degraded (2 files are not mirrored)");
  }

  @Test
  void manyProblemsAreCounted() {
    List<Problem> problems =
        IntStream.range(0, 100).mapToObj(i -> new Problem("file" + i, "unreadable")).toList();
    Status status =
        primary(
            List.of(),
            mirror(
                MirrorState.IN_SYNC,
                COMPLETE,
                List.of(standby("beta", true, Lag.NONE)),
                problems,
                null,
                null));
    assertThat(StatusText.of(status))
        .contains(
            "  1,234 files are not mirrored:\n    file0: unreadable\n",
            "    file9: unreadable\n    and 1,224 more\n")
        .doesNotContain("file10");
  }

  @Test
  void firstCopyIsUnderWay() {
    Status status =
        primary(
            List.of(),
            mirror(
                MirrorState.COPYING,
                COMPLETE,
                List.of(standby("beta", true, new Lag(30_037, 330_000_000, 4.2))),
                List.of(),
                null,
                new Progress(276_000_000, 606_000_000, 27_012, 57_049, 126_000_000, 3)));
    assertThat(StatusText.of(status))
        .isEqualTo(
            """
            alpha: primary (fixed roles, epoch 7, hotspare 0.1.0)

            www  /srv/www
              first copy; 57,049 entries, 578 MiB
              46 %, 27,012 of 57,049 entries, 263 MiB of 578 MiB, 120 MiB/s, 3.0 s left
              every change is noticed at once (fanotify)
              beta  30,037 changes, 315 MiB, 4.2 s behind

            If alpha died now, 30,037 changes, 315 MiB would be lost: the last 4.2 s.
            """);
  }

  @Test
  void standbyTellsOfItsPrimary() {
    Status status =
        new Status(
            "beta",
            "0.1.0",
            Role.STANDBY,
            7,
            null,
            null,
            List.of(),
            new Status.PrimaryStatus("alpha", false),
            List.of(
                mirror(
                    MirrorState.OFFLINE,
                    new CoverageStatus("none", true, ""),
                    List.of(),
                    List.of(),
                    null,
                    null)),
            List.of(new Status.Differing("alpha", List.of("guard", "mirrors.www.exclude"))),
            List.of("nodes"),
            List.of("hotspare doctor --all"));
    assertThat(StatusText.of(status))
        .isEqualTo(
            """
            beta: standby of alpha, NOT CONNECTED (fixed roles, epoch 7, hotspare 0.1.0)
            The configuration of alpha is not the same as that of beta: guard, mirrors.www.exclude.
            Changed in the file, and in use once the agent is started again: nodes.

            www  /srv/www
              offline; 57,049 entries, 578 MiB

            Next: hotspare doctor --all
            """);
    assertThat(Health.line(status, MAX_LAG))
        .isEqualTo(
            "HOTSPARE CRITICAL - beta is standby, not connected to alpha,"
                + " the configuration of alpha differs, www offline");
  }

  @Test
  void wordsOfTheInsideStayInside() {
    for (MirrorState state : MirrorState.values()) {
      assertThat(StatusText.words(state)).doesNotContainIgnoringCase("limbo", "cut", "lineage");
    }
  }
}
