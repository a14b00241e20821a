package org.hotspare.tree;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A path below the root of a mirror: names joined by {@code /}, without a leading or trailing one.
 * The root itself is the empty path. For people, patterns and the edges; the index knows entries by
 * id and name.
 */
public final class RelPath implements Comparable<RelPath> {
  public static final RelPath ROOT = new RelPath(List.of());

  private final List<Name> names;

  private RelPath(List<Name> names) {
    this.names = names;
  }

  public static RelPath of(List<Name> names) {
    return names.isEmpty() ? ROOT : new RelPath(List.copyOf(names));
  }

  public static RelPath of(String text) {
    return parse(Bytes.of(text));
  }

  /**
   * @throws IllegalArgumentException if a component is empty, {@code .}, {@code ..}, too long or
   *     holds NUL
   */
  public static RelPath parse(Bytes bytes) {
    if (bytes.length() == 0) {
      return ROOT;
    }
    List<Name> names = new ArrayList<>();
    byte[] array = bytes.array();
    int start = 0;
    for (int i = 0; i <= array.length; i++) {
      if (i == array.length || array[i] == '/') {
        names.add(new Name(Bytes.wrap(Arrays.copyOfRange(array, start, i))));
        start = i + 1;
      }
    }
    return new RelPath(List.copyOf(names));
  }

  public boolean isRoot() {
    return names.isEmpty();
  }

  public List<Name> names() {
    return names;
  }

  public int depth() {
    return names.size();
  }

  public RelPath child(Name name) {
    List<Name> longer = new ArrayList<>(names.size() + 1);
    longer.addAll(names);
    longer.add(name);
    return new RelPath(List.copyOf(longer));
  }

  /** Nothing for the root. */
  public Optional<RelPath> parent() {
    return isRoot() ? Optional.empty() : Optional.of(of(names.subList(0, names.size() - 1)));
  }

  /** The last component; nothing for the root. */
  public Optional<Name> name() {
    return isRoot() ? Optional.empty() : Optional.of(names.getLast());
  }

  /** Whether this is {@code ancestor} or lies below it. */
  public boolean startsWith(RelPath ancestor) {
    return names.size() >= ancestor.names.size()
        && names.subList(0, ancestor.names.size()).equals(ancestor.names);
  }

  public Bytes bytes() {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (int i = 0; i < names.size(); i++) {
      if (i > 0) {
        joined.write('/');
      }
      joined.writeBytes(names.get(i).bytes().array());
    }
    return Bytes.wrap(joined.toByteArray());
  }

  /** By component, so that a directory comes right before what is in it. */
  @Override
  public int compareTo(RelPath other) {
    int common = Math.min(names.size(), other.names.size());
    for (int i = 0; i < common; i++) {
      int order = names.get(i).compareTo(other.names.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(names.size(), other.names.size());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RelPath path && names.equals(path.names);
  }

  @Override
  public int hashCode() {
    return names.hashCode();
  }

  /** For people: {@code .} for the root, unprintable bytes escaped. */
  @Override
  public String toString() {
    return isRoot() ? "." : bytes().toString();
  }
}
