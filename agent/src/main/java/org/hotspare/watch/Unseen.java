package org.hotspare.watch;

import java.util.List;
import org.hotspare.tree.RelPath;

/**
 * What could not be looked at, and was not looked at since: nobody knows what is there.
 *
 * @param more whether there is, or may be, more than the paths
 */
public record Unseen(List<RelPath> paths, boolean more) {
  static final Unseen NONE = new Unseen(List.of(), false);

  public boolean isNone() {
    return paths.isEmpty() && !more;
  }

  /** For people; not for {@link #isNone()}. */
  public String words() {
    String example = paths.isEmpty() ? "" : ", such as " + paths.getFirst();
    return "%s%,d %s cannot be looked at%s"
        .formatted(
            more ? "more than " : "",
            paths.size(),
            paths.size() == 1 && !more ? "path" : "paths",
            example);
  }
}
