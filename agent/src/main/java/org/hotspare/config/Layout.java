package org.hotspare.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where the mirrors lie on each node, and where the file says so. Two mirrors of one node must not
 * share a directory, or every change of one would be a change of the other; nor may a mirror hold
 * the agent's own state, which changes with every change it records.
 */
final class Layout {
  /** Stands for a path that was missing or wrong, and has been complained about. */
  static final Path UNKNOWN = Path.of("/");

  private static final String WORK_DIRECTORY = ".hotspare";

  private final Path state;
  private final Map<String, Place> shared = new LinkedHashMap<>();
  private final Map<String, Map<String, Place>> byNode = new HashMap<>();

  Layout(Path state) {
    this.state = state;
  }

  Path shared(String mirror, Path path, Value at) {
    shared.put(mirror, new Place(mirror, path, at));
    return path;
  }

  Path onNode(String node, String mirror, Path path, Value at) {
    byNode.computeIfAbsent(node, _ -> new HashMap<>()).put(mirror, new Place(mirror, path, at));
    return path;
  }

  void complainAboutClashes(Collection<Node> nodes) {
    Set<String> said = new HashSet<>();
    // Also without any node, so that the paths are judged whatever is wrong with the nodes.
    complain(List.copyOf(shared.values()), "", said);
    for (Node node : nodes) {
      if (node.holdsData() && byNode.containsKey(node.name())) {
        complain(placesOn(node.name()), " on node " + node.name(), said);
      }
    }
  }

  private List<Place> placesOn(String node) {
    Map<String, Place> own = byNode.getOrDefault(node, Map.of());
    return shared.values().stream().map(place -> own.getOrDefault(place.mirror(), place)).toList();
  }

  private void complain(List<Place> places, String where, Set<String> said) {
    List<Place> before = new ArrayList<>();
    for (Place place : places) {
      for (Place other : before) {
        String message = clash(place, other);
        if (!message.isEmpty() && said.add(message)) {
          place.at().complain(message + where, "directories that do not contain one another");
        }
      }
      before.add(place);
      String message = clashWithOwnFiles(place);
      if (!message.isEmpty() && said.add(message)) {
        place.at().complain(message + where, "a directory apart from hotspare's own files");
      }
    }
  }

  private static String clash(Place place, Place other) {
    if (place.path().equals(other.path())) {
      return place.path() + " is already the path of mirror " + other.mirror();
    }
    if (place.path().startsWith(other.path())) {
      return place.path() + " lies inside mirror " + other.mirror() + " at " + other.path();
    }
    if (other.path().startsWith(place.path())) {
      return place.path() + " contains mirror " + other.mirror() + " at " + other.path();
    }
    return "";
  }

  private String clashWithOwnFiles(Place place) {
    if (state.startsWith(place.path())) {
      return place.path() + " contains the state directory " + state;
    }
    if (place.path().startsWith(state)) {
      return place.path() + " lies inside the state directory " + state;
    }
    for (Path name : place.path()) {
      if (name.toString().equals(WORK_DIRECTORY)) {
        return place.path() + " lies in a work directory of hotspare";
      }
    }
    return "";
  }

  private record Place(String mirror, Path path, Value at) {}
}
