package org.hotspare.watch;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;

/**
 * What is left out of a mirror, in the pattern syntax of rsync's {@code --exclude}: the first
 * pattern that matches decides, and what lies below an excluded directory is excluded with it. The
 * work directory of hotspare is always left out, in the root of the mirror and in the root of every
 * filesystem mounted below it. A value; {@code docs/excludes.md} explains the syntax.
 */
public final class Excludes {
  /** The directory that is hotspare's own. */
  public static final Name WORK_DIRECTORY = Name.of(".hotspare");

  /** Leaves out nothing but the work directories. */
  public static final Excludes NONE = new Excludes(List.of(), Set.of());

  private static final byte[] NO_PATH = new byte[0];

  private final List<ExcludeRule> rules;
  private final Set<RelPath> mountRoots;
  private final boolean needsPath;

  private Excludes(List<ExcludeRule> rules, Set<RelPath> mountRoots) {
    this.rules = rules;
    this.mountRoots = mountRoots;
    this.needsPath = rules.stream().anyMatch(ExcludeRule::needsPath);
  }

  /**
   * @param patterns as the configuration lists them, in UTF-8
   * @throws IllegalArgumentException naming the first pattern that is none
   */
  public static Excludes of(List<String> patterns) {
    return new Excludes(
        patterns.stream().map(pattern -> new ExcludeRule(Bytes.of(pattern))).toList(), Set.of());
  }

  /** The same patterns, with these directories as the roots of filesystems mounted below. */
  public Excludes withMountRoots(Collection<RelPath> roots) {
    return new Excludes(rules, Set.copyOf(roots));
  }

  /** Whether anything but the work directories may be left out. */
  public boolean hasPatterns() {
    return !rules.isEmpty();
  }

  /** Whether the path, or a directory that it lies in, is left out. The root never is. */
  public boolean excludes(RelPath path, boolean directory) {
    RelPath parent = RelPath.ROOT;
    for (int i = 0; i < path.depth(); i++) {
      Name name = path.names().get(i);
      boolean isDirectory = directory || i < path.depth() - 1;
      if (excludesHere(parent, name, isDirectory)) {
        return true;
      }
      parent = parent.child(name);
    }
    return false;
  }

  /** The same for a name found in a directory that is known not to be left out itself. */
  public boolean excludes(RelPath parent, Name name, FileKind kind) {
    return excludesHere(parent, name, kind == FileKind.DIRECTORY);
  }

  private boolean excludesHere(RelPath parent, Name name, boolean directory) {
    if (name.equals(WORK_DIRECTORY) && (parent.isRoot() || mountRoots.contains(parent))) {
      return true;
    }
    byte[] path = needsPath ? parent.child(name).bytes().array() : NO_PATH;
    for (ExcludeRule rule : rules) {
      if (rule.matches(path, name, directory)) {
        return !rule.isInclude();
      }
    }
    return false;
  }
}
