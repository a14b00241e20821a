package org.hotspare.tree;

import java.util.ArrayList;
import java.util.List;

/**
 * The history that a node's copy went through: for each epoch the last sequence that belongs to it,
 * oldest first. Two lineages share their history up to the fork: the last position that both went
 * through.
 */
public record Lineage(List<Position> ends) {
  public static final Lineage EMPTY = new Lineage(List.of());

  /**
   * @throws IllegalArgumentException if the epochs do not rise
   */
  public Lineage {
    for (int i = 1; i < ends.size(); i++) {
      if (ends.get(i).epoch() <= ends.get(i - 1).epoch()) {
        throw new IllegalArgumentException("epochs do not rise: " + ends);
      }
    }
    ends = List.copyOf(ends);
  }

  /** The last position of the youngest epoch. */
  public Position head() {
    return ends.isEmpty() ? Position.NONE : ends.getLast();
  }

  /** Whether a node with this lineage went through {@code position}. */
  public boolean contains(Position position) {
    if (position.equals(Position.NONE)) {
      return true;
    }
    return ends.stream()
        .anyMatch(end -> end.epoch() == position.epoch() && position.sequence() <= end.sequence());
  }

  /** The last position that both histories went through. */
  public Position forkWith(Lineage other) {
    Position fork = Position.NONE;
    int common = Math.min(ends.size(), other.ends.size());
    for (int i = 0; i < common; i++) {
      Position mine = ends.get(i);
      Position theirs = other.ends.get(i);
      if (mine.epoch() != theirs.epoch()) {
        break;
      }
      fork = mine.compareTo(theirs) <= 0 ? mine : theirs;
      if (mine.sequence() != theirs.sequence()) {
        break;
      }
    }
    return fork;
  }

  /** This history up to a position that it went through. */
  public Lineage until(Position position) {
    List<Position> shorter =
        new ArrayList<>(ends.stream().filter(end -> end.epoch() < position.epoch()).toList());
    if (!position.equals(Position.NONE)) {
      shorter.add(position);
    }
    return new Lineage(shorter);
  }

  /** This history with its youngest epoch ending at {@code end}, which may open a new epoch. */
  public Lineage withEnd(Position end) {
    List<Position> longer = new ArrayList<>(ends);
    if (!longer.isEmpty() && longer.getLast().epoch() == end.epoch()) {
      longer.removeLast();
    }
    longer.add(end);
    return new Lineage(longer);
  }
}
