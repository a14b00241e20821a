package org.hotspare.mirror;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.jspecify.annotations.Nullable;

/**
 * A primary's tree in memory, changed at random: few names, so that they are taken, exchanged and
 * given back all the time. Remembers at which names something happened.
 */
final class ModelTree {
  private static final String[] NAMES = {"a", "b", "c", "d", "e"};
  private static final int MOST = 40;
  private static final int DEEPEST = 6;

  /** An inode. */
  static final class Node {
    final int number;
    final FileKind kind;
    final Map<String, Node> children = new TreeMap<>();
    int permissions;
    long modified;
    byte[] content = {};

    /** What the primary's index calls it; null until it was numbered. */
    @Nullable EntryId id;

    Node(int number, FileKind kind) {
      this.number = number;
      this.kind = kind;
      this.permissions = kind == FileKind.DIRECTORY ? 0755 : 0644;
      this.modified = number;
    }

    boolean isDirectory() {
      return kind == FileKind.DIRECTORY;
    }
  }

  /** A name in a directory. */
  record Place(Node directory, String name) {}

  private final SplittableRandom random;
  final Node root;
  final Set<Place> dirty = new LinkedHashSet<>();

  /** Directories whose own metadata changed, and files that did, by any of their names. */
  final Set<Node> touched = new LinkedHashSet<>();

  /** Every name with every content that a file of that name, in any directory, ever had. */
  final Set<String> shown = new HashSet<>();

  private int numbers = 1;
  private long clock = 1000;

  ModelTree(SplittableRandom random) {
    this.random = random;
    this.root = new Node(0, FileKind.DIRECTORY);
  }

  /** All names at which something is, each directory before what is in it. */
  List<Place> places() {
    List<Place> all = new ArrayList<>();
    collect(root, all);
    return all;
  }

  private static void collect(Node directory, List<Place> all) {
    directory.children.forEach(
        (name, node) -> {
          all.add(new Place(directory, name));
          if (node.isDirectory()) {
            collect(node, all);
          }
        });
  }

  /** Every inode with the paths that it has. */
  Map<Node, List<String>> paths() {
    Map<Node, List<String>> paths = new HashMap<>();
    collect(root, "", paths);
    return paths;
  }

  private static void collect(Node directory, String path, Map<Node, List<String>> paths) {
    directory.children.forEach(
        (name, node) -> {
          paths.computeIfAbsent(node, _ -> new ArrayList<>()).add(path + name);
          if (node.isDirectory()) {
            collect(node, path + name + "/", paths);
          }
        });
  }

  private @Nullable Node at(Place place) {
    return place.directory.children.get(place.name);
  }

  // ---- changes

  void change() {
    List<Place> places = places();
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> create(places);
      case 3 -> write(places);
      case 4, 5, 6 -> move(places);
      case 7 -> exchange(places);
      case 8 -> link(places);
      case 9 -> remove(places);
      case 10 -> describe(places);
      default -> moveIntoNew(places);
    }
    for (Place place : places()) {
      Node node = at(place);
      if (node != null && node.kind == FileKind.REGULAR_FILE) {
        shown.add(shown(place.name, new String(node.content, StandardCharsets.US_ASCII)));
      }
    }
  }

  static String shown(String name, String content) {
    return name + ": " + content;
  }

  private @Nullable Place some(List<Place> places) {
    return places.isEmpty() ? null : places.get(random.nextInt(places.size()));
  }

  private Node someDirectory(List<Place> places) {
    List<Node> directories = new ArrayList<>(List.of(root));
    for (Place place : places) {
      Node node = at(place);
      if (node != null && node.isDirectory() && depth(node) < DEEPEST) {
        directories.add(node);
      }
    }
    return directories.get(random.nextInt(directories.size()));
  }

  private int depth(Node directory) {
    List<String> paths = paths().getOrDefault(directory, List.of());
    return paths.isEmpty() ? 0 : 1 + (int) paths.getFirst().chars().filter(c -> c == '/').count();
  }

  private Place somewhere(List<Place> places) {
    return new Place(someDirectory(places), NAMES[random.nextInt(NAMES.length)]);
  }

  private Node fresh() {
    FileKind kind =
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> FileKind.DIRECTORY;
          case 3 -> FileKind.SYMBOLIC_LINK;
          case 4 -> FileKind.FIFO;
          default -> FileKind.REGULAR_FILE;
        };
    Node node = new Node(numbers++, kind);
    fill(node);
    return node;
  }

  private void fill(Node node) {
    String text = tag(node.number) + clock++ + "\n";
    int times = node.kind == FileKind.REGULAR_FILE ? 1 + random.nextInt(5) : 1;
    node.content = text.repeat(times).getBytes(StandardCharsets.US_ASCII);
    node.modified = clock++;
    touched.add(node);
  }

  /** How the content of a file begins, whatever its version. */
  static String tag(int number) {
    return "number " + number + " version ";
  }

  private void put(Place place, Node node) {
    place.directory.children.put(place.name, node);
    note(place);
  }

  private void take(Place place) {
    place.directory.children.remove(place.name);
    note(place);
  }

  private void note(Place place) {
    dirty.add(place);
    place.directory.modified = clock++;
    touched.add(place.directory);
  }

  private void create(List<Place> places) {
    Place place = somewhere(places);
    if (at(place) == null && places.size() < MOST) {
      put(place, fresh());
    }
  }

  private void write(List<Place> places) {
    Place place = some(places);
    Node node = place == null ? null : at(place);
    if (place != null && node != null && node.kind == FileKind.REGULAR_FILE) {
      fill(node);
      dirty.add(place);
    }
  }

  private void describe(List<Place> places) {
    Place place = some(places);
    Node node = place == null ? null : at(place);
    if (place != null && node != null && node.kind != FileKind.SYMBOLIC_LINK) {
      node.permissions = random.nextInt(0100) | 0600;
      node.modified = clock++;
      touched.add(node);
      dirty.add(place);
    }
  }

  private void move(List<Place> places) {
    Place from = some(places);
    if (from != null) {
      move(from, somewhere(places));
    }
  }

  /** As rename(2): replaces a file by a file, and an empty directory by a directory. */
  private void move(Place from, Place to) {
    Node node = at(from);
    Node victim = at(to);
    boolean possible =
        node != null
            && node != victim
            && !(node.isDirectory() && isBelow(to.directory, node))
            && (victim == null
                || (victim.isDirectory() == node.isDirectory() && victim.children.isEmpty()));
    if (possible && node != null) {
      take(from);
      put(to, node);
    }
  }

  private static boolean isBelow(Node directory, Node above) {
    return directory == above
        || above.children.values().stream()
            .anyMatch(child -> child.isDirectory() && isBelow(directory, child));
  }

  private void exchange(List<Place> places) {
    Place one = some(places);
    Place other = some(places);
    if (one == null || other == null) {
      return;
    }
    Node first = at(one);
    Node second = at(other);
    boolean possible =
        first != null
            && second != null
            && first != second
            && !(first.isDirectory() && isBelow(other.directory, first))
            && !(second.isDirectory() && isBelow(one.directory, second));
    if (possible && first != null && second != null) {
      put(one, second);
      put(other, first);
    }
  }

  private void link(List<Place> places) {
    Place from = some(places);
    Place to = somewhere(places);
    Node node = from == null ? null : at(from);
    if (node != null && !node.isDirectory() && at(to) == null) {
      put(to, node);
      touched.add(node);
    }
  }

  private void remove(List<Place> places) {
    Place place = some(places);
    Node node = place == null ? null : at(place);
    if (place != null && node != null) {
      // With all below it, as rm -r does; the names below tell it as well.
      for (String name : List.copyOf(node.children.keySet())) {
        removeTree(new Place(node, name));
      }
      take(place);
    }
  }

  private void removeTree(Place place) {
    Node node = at(place);
    if (node != null) {
      for (String name : List.copyOf(node.children.keySet())) {
        removeTree(new Place(node, name));
      }
      take(place);
    }
  }

  private void moveIntoNew(List<Place> places) {
    Place place = somewhere(places);
    Place from = some(places);
    if (from != null && at(place) == null && places.size() < MOST) {
      Node directory = new Node(numbers++, FileKind.DIRECTORY);
      put(place, directory);
      move(from, new Place(directory, NAMES[random.nextInt(NAMES.length)]));
    }
  }
}
