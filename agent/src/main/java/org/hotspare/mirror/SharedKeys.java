package org.hotspare.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Link;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of the configuration has to be equal on all nodes: this node's, and what the others told of
 * theirs. Any thread.
 */
public final class SharedKeys {
  private static final Logger LOG = LoggerFactory.getLogger(SharedKeys.class);

  private final BiConsumer<String, List<String>> news;

  // All below is guarded by this.
  private Map<String, Long> own;
  private final Map<String, Map<String, Long>> others = new TreeMap<>();
  private final Map<String, List<String>> told = new TreeMap<>();

  /**
   * @param own for each key a hash of its value
   * @param news told when a node begins or ceases to differ: in which keys, empty for none
   */
  public SharedKeys(Map<String, Long> own, BiConsumer<String, List<String>> news) {
    this.own = Map.copyOf(own);
    this.news = news;
  }

  /** This node's have changed. */
  public synchronized void change(Map<String, Long> next) {
    own = Map.copyOf(next);
    List.copyOf(others.keySet()).forEach(this::compare);
  }

  /** What to tell a peer. */
  synchronized Frame.Configured frame() {
    return new Frame.Configured(
        own.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(key -> new Frame.ConfiguredKey(key.getKey(), key.getValue()))
            .toList());
  }

  void tell(Link link) {
    try {
      link.sendNow(frame());
    } catch (IOException e) {
      // The connection is gone; the next one begins with it.
      LOG.debug("{}", e.getMessage());
    }
  }

  synchronized void heard(String node, Frame.Configured configured) {
    Map<String, Long> theirs = new TreeMap<>();
    configured.keys().forEach(key -> theirs.put(key.name(), key.hash()));
    others.put(node, theirs);
    compare(node);
  }

  private void compare(String node) {
    List<String> differing = differingFrom(others.getOrDefault(node, Map.of()));
    List<String> before = told.getOrDefault(node, List.of());
    told.put(node, differing);
    if (!differing.equals(before)) {
      news.accept(node, differing);
    }
  }

  private List<String> differingFrom(Map<String, Long> theirs) {
    TreeSet<String> keys = new TreeSet<>(own.keySet());
    keys.addAll(theirs.keySet());
    keys.removeIf(key -> own.containsKey(key) && own.get(key).equals(theirs.get(key)));
    return new ArrayList<>(keys);
  }

  /** The nodes that differ from this one, with the keys in which they do. */
  public synchronized Map<String, List<String>> differing() {
    Map<String, List<String>> differing = new TreeMap<>(told);
    differing.values().removeIf(List::isEmpty);
    return differing;
  }
}
