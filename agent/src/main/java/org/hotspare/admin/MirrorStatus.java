package org.hotspare.admin;

import java.util.List;
import org.hotspare.tree.Position;
import org.jspecify.annotations.Nullable;

/**
 * One mirror on one node.
 *
 * @param path where it lies on this node
 * @param position the last change this node knows
 * @param bytes of all regular files
 * @param standbys on the primary all standbys; on a standby none
 * @param problems the first of them
 * @param problemCount of all of them
 * @param held what would be destroyed, in one sentence; null if nothing is held
 * @param progress of a first copy or a long catching up; null if there is none under way
 */
public record MirrorStatus(
    String name,
    String path,
    MirrorState state,
    Position position,
    long entries,
    long bytes,
    CoverageStatus coverage,
    List<StandbyStatus> standbys,
    List<Problem> problems,
    long problemCount,
    @Nullable String held,
    @Nullable Progress progress) {
  public static final int MAX_PROBLEMS = 100;

  public MirrorStatus {
    standbys = List.copyOf(standbys);
    problems = List.copyOf(problems);
  }
}
