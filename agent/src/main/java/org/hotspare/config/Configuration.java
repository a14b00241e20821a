package org.hotspare.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Digest;
import org.jspecify.annotations.Nullable;

/**
 * The configuration file, read and found valid. The same file serves all nodes.
 *
 * @param file where it was read from
 * @param text the whole file, as {@code join} hands it on
 * @param nodes by name, in file order
 * @param mirrors by name, in file order
 * @param primary the name of the data node whose role is fixed to primary; empty with a lease
 * @param lease how long one lasts, where it says who is primary; null with fixed roles
 * @param api null if there is none
 * @param state the directory of the agent's own files; absolute
 * @param notices what is read but has no effect; nothing that keeps the agent from running
 */
public record Configuration(
    Path file,
    String text,
    String cluster,
    SequencedMap<String, Node> nodes,
    SequencedMap<String, Mirror> mirrors,
    String primary,
    @Nullable Duration lease,
    Guard guard,
    Limits limits,
    Versions versions,
    Takeover takeover,
    List<Check> checks,
    Failover failover,
    Fence fence,
    Failback failback,
    Hooks hooks,
    Notifications notifications,
    @Nullable Api api,
    Path state,
    List<Complaint> notices) {

  public static final Path DEFAULT_FILE = Path.of("/etc/hotspare/hotspare.yaml");
  public static final Path DEFAULT_STATE = Path.of("/var/lib/hotspare");

  /** What {@code join} can hand on. */
  public static final int MAX_FILE_BYTES = 256 << 10;

  /**
   * @throws ConfigurationException if the file cannot be read or anything in it is wrong
   */
  public static Configuration load(Path file) throws ConfigurationException {
    return parse(readText(file), file);
  }

  /**
   * @param file where the text comes from: named in complaints, and what a relative {@code state}
   *     is relative to
   * @throws ConfigurationException if anything in the text is wrong
   */
  public static Configuration parse(String text, Path file) throws ConfigurationException {
    return new ConfigurationReader(text, file).read();
  }

  private static String readText(Path file) throws ConfigurationException {
    String wanted = "a configuration file; name another one with --config FILE";
    try {
      if (Files.isDirectory(file)) {
        throw refused(file, "is a directory", wanted);
      }
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw refused(file, "is larger than " + MAX_FILE_BYTES + " bytes", wanted);
      }
      return Files.readString(file);
    } catch (NoSuchFileException missing) {
      throw refused(file, "does not exist", wanted);
    } catch (CharacterCodingException notText) {
      throw refused(file, "is not text in UTF-8", wanted);
    } catch (IOException unreadable) {
      throw refused(file, "cannot be read: " + unreadable, wanted);
    }
  }

  private static ConfigurationException refused(Path file, String why, String expected) {
    return new ConfigurationException(
        List.of(Complaint.aboutFile(file.toString(), "the file " + why, expected)));
  }

  /** Where the mirror lies on that node. */
  public Path pathOf(Mirror mirror, Node node) {
    return node.paths().getOrDefault(mirror.name(), mirror.path());
  }

  /** Whether roles are fixed by this file. */
  public boolean hasFixedRoles() {
    return lease == null;
  }

  /** The data nodes that are standbys while that one is primary, in file order. */
  public List<Node> standbysOf(String node) {
    return nodes.values().stream()
        .filter(other -> other.holdsData() && !other.name().equals(node))
        .toList();
  }

  /** The names of all nodes but that one. */
  public Set<String> othersThan(Node node) {
    Set<String> others = new TreeSet<>(nodes.keySet());
    others.remove(node.name());
    return others;
  }

  /** The names of those whose majority grants the lease. */
  public Set<String> voters() {
    return nodes.values().stream().filter(Node::votes).map(Node::name).collect(Collectors.toSet());
  }

  /**
   * What has to be equal on all nodes: for each key a hash of its value. A path counts as the
   * places that it comes to on each node, however it is written.
   */
  public SequencedMap<String, Long> shared() {
    SequencedMap<String, Long> shared = new LinkedHashMap<>();
    shared.put("primary", hash(primary));
    shared.put("lease", hash(String.valueOf(lease)));
    shared.put("guard", hash(guard.toString()));
    if (lease != null) {
      shared.put("takeover", hash(takeover.toString()));
      shared.put("failover", hash(failover.toString()));
      shared.put("checks", hash(checks.toString()));
      shared.put("fence", hash(fence.toString()));
    }
    nodes.forEach((name, node) -> shared.put("nodes." + name, hash(known(node).toString())));
    mirrors.forEach(
        (name, mirror) -> {
          StringBuilder places = new StringBuilder();
          new TreeMap<>(nodes)
              .forEach((_, node) -> places.append(pathOf(mirror, node)).append('\n'));
          shared.put("mirrors." + name + ".path", hash(places.toString()));
          shared.put("mirrors." + name + ".exclude", hash(mirror.exclude().toString()));
        });
    return shared;
  }

  private static long hash(String value) {
    return ByteBuffer.wrap(Digest.newHash().digest(Bytes.of(value).array())).getLong();
  }

  /**
   * This configuration with what a running agent can take over from {@code next}: all that {@link
   * #needingRestart} does not name.
   */
  public Configuration withLive(Configuration next) {
    SequencedMap<String, Mirror> changed = new LinkedHashMap<>();
    mirrors.forEach(
        (name, mirror) -> {
          Mirror later = next.mirrors.getOrDefault(name, mirror);
          changed.put(name, new Mirror(name, mirror.path(), mirror.exclude(), later.onChange()));
        });
    SequencedMap<String, Node> slower = new LinkedHashMap<>();
    nodes.forEach(
        (name, node) ->
            slower.put(name, node.withRate(next.nodes.getOrDefault(name, node).bytesPerSecond())));
    return new Configuration(
        file,
        next.text,
        cluster,
        slower,
        changed,
        primary,
        lease,
        next.guard,
        next.limits,
        next.versions,
        takeover,
        checks,
        failover,
        fence,
        next.failback,
        hooks,
        next.notifications,
        api,
        state,
        next.notices);
  }

  /** Which keys differ in {@code next} that a running agent takes over. */
  public List<String> liveChanges(Configuration next) {
    List<String> changed = new ArrayList<>();
    addIfChanged(changed, "guard", guard, next.guard);
    addIfChanged(
        changed, "limits.bandwidth", limits.bytesPerSecond(), next.limits.bytesPerSecond());
    addIfChanged(changed, "limits.cpu", limits.processors(), next.limits.processors());
    addIfChanged(changed, "limits.compress", limits.compression(), next.limits.compression());
    addIfChanged(changed, "notify", notifications, next.notifications);
    nodes.forEach(
        (name, node) ->
            addIfChanged(
                changed,
                "nodes." + name + ".bandwidth",
                node.bytesPerSecond(),
                next.nodes.getOrDefault(name, node).bytesPerSecond()));
    mirrors.forEach(
        (name, mirror) ->
            addIfChanged(
                changed,
                "mirrors." + name + ".on-change",
                mirror.onChange(),
                next.mirrors.getOrDefault(name, mirror).onChange()));
    return List.copyOf(changed);
  }

  /**
   * The node of this name; without a name the one whose name or address is this host's.
   *
   * @throws ConfigurationException if there is no such node, or several fit this host
   */
  public Node node(@Nullable String name) throws ConfigurationException {
    if (name != null) {
      return named(name);
    }
    try {
      return nodeOn(HostIdentity.here());
    } catch (IOException unknown) {
      throw refused(file, "cannot be matched with this host: " + unknown, "--node NAME");
    }
  }

  /**
   * The node that is this host.
   *
   * @throws ConfigurationException if none or several fit
   */
  public Node nodeOn(HostIdentity host) throws ConfigurationException {
    List<String> fitting = new ArrayList<>();
    nodes.values().stream().filter(host::is).map(Node::name).forEach(fitting::add);
    if (fitting.size() == 1) {
      return nodeNamed(fitting.getFirst());
    }
    String choice = "--node with one of " + String.join(", ", nodes.keySet());
    throw fitting.isEmpty()
        ? refused(file, "names no node with the name or an address of this host", choice)
        : refused(file, "fits this host with several nodes", choice);
  }

  private Node named(String name) throws ConfigurationException {
    Node node = nodes.get(name);
    if (node == null) {
      String expected = "one of " + String.join(", ", nodes.keySet());
      throw refused(file, "names no node \"" + name + "\"", expected);
    }
    return node;
  }

  private Node nodeNamed(String name) {
    Node node = nodes.get(name);
    if (node == null) {
      throw new IllegalStateException("no node " + name + " among " + nodes.keySet());
    }
    return node;
  }

  /** The mirrors' names and where they lie on that node, in file order. */
  public SequencedMap<String, Path> pathsOn(Node node) {
    SequencedMap<String, Path> paths = new LinkedHashMap<>();
    mirrors.values().forEach(mirror -> paths.put(mirror.name(), pathOf(mirror, node)));
    return paths;
  }

  /**
   * Which keys differ in {@code next} that a running agent cannot take over; empty if all that
   * differs is live: {@code guard}, {@code limits}, {@code notify}, {@code on-change} and a node's
   * {@code bandwidth}.
   */
  public List<String> needingRestart(Configuration next) {
    List<String> changed = new ArrayList<>();
    addIfChanged(changed, "cluster", cluster, next.cluster);
    addIfChanged(changed, "primary", primary, next.primary);
    addIfChanged(changed, "lease", Optional.ofNullable(lease), Optional.ofNullable(next.lease));
    addIfChanged(changed, "state", state, next.state);
    addIfChanged(changed, "api", Optional.ofNullable(api), Optional.ofNullable(next.api));
    if (lease != null) {
      addIfChanged(changed, "takeover", takeover, next.takeover);
      addIfChanged(changed, "failover", failover, next.failover);
      addIfChanged(changed, "fence", fence, next.fence);
      addIfChanged(changed, "checks", checks, next.checks);
      addIfChanged(changed, "hooks", hooks, next.hooks);
    }
    addIfChanged(changed, "nodes", names(nodes), names(next.nodes));
    addIfChanged(changed, "mirrors", names(mirrors), names(next.mirrors));
    nodes.forEach(
        (name, node) -> {
          Node later = next.nodes.get(name);
          if (later != null) {
            addIfChanged(changed, "nodes." + name, lasting(node), lasting(later));
          }
        });
    mirrors.forEach(
        (name, mirror) -> {
          Mirror later = next.mirrors.get(name);
          if (later != null) {
            addIfChanged(changed, "mirrors." + name, lasting(mirror), lasting(later));
          }
        });
    return List.copyOf(changed);
  }

  private static void addIfChanged(List<String> changed, String key, Object now, Object next) {
    if (!now.equals(next)) {
      changed.add(key);
    }
  }

  private static List<String> names(SequencedMap<String, ?> named) {
    return List.copyOf(named.sequencedKeySet());
  }

  /** What other nodes know of one. */
  private static List<Object> known(Node node) {
    return List.of(node.addresses(), node.witness(), node.votes(), node.promotable());
  }

  private static List<Object> lasting(Node node) {
    return List.of(known(node), node.paths(), node.networkInterface());
  }

  private static List<Object> lasting(Mirror mirror) {
    return List.of(mirror.path(), mirror.exclude());
  }
}
