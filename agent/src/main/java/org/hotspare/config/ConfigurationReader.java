package org.hotspare.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.hotspare.tree.Bytes;
import org.jspecify.annotations.Nullable;

/** Reads a whole file and judges it: all that is wrong is said at once. */
final class ConfigurationReader {
  private static final String[] KEYS = {
    "cluster",
    "nodes",
    "mirrors",
    "primary",
    "lease",
    "takeover",
    "checks",
    "failover",
    "fence",
    "failback",
    "guard",
    "versions",
    "hooks",
    "notify",
    "limits",
    "api",
    "state"
  };

  /** What belongs to changes of role, to which fixed roles give no occasion. */
  private static final List<String> WITHOUT_EFFECT =
      List.of("takeover", "checks", "failover", "fence", "failback", "versions", "hooks");

  /** What of that has an effect with a lease. */
  private static final List<String> WITH_LEASE =
      List.of("takeover", "checks", "failover", "fence", "hooks");

  private static final Duration DEFAULT_LEASE = Duration.ofSeconds(2);
  private static final Duration SHORTEST_LEASE = Duration.ofMillis(500);
  private static final Duration LONGEST_LEASE = Duration.ofMinutes(1);
  private static final String LEASE_EXPECTED = "a duration from 500ms to 1m";

  /** The kernel takes 107 bytes for the path of a Unix socket, and the agent's lies in there. */
  private static final int MAX_STATE_BYTES = 90;

  private final String text;
  private final Path file;
  private final Complaints complaints;

  ConfigurationReader(String text, Path file) {
    this.text = text;
    this.file = file;
    this.complaints = new Complaints(file.toString(), text);
  }

  Configuration read() throws ConfigurationException {
    Optional<Value> document = Document.read(text, file.toString(), complaints);
    if (document.isEmpty()) {
      throw new ConfigurationException(complaints.errors());
    }
    Section top = document.get().section(KEYS);
    Configuration read = read(top);
    if (!complaints.errors().isEmpty()) {
      throw new ConfigurationException(complaints.errors());
    }
    return read;
  }

  private Configuration read(Section top) {
    String cluster =
        top.require("cluster", "a name for the cluster")
            .flatMap(value -> value.parsed(Names.EXPECTED, Names::check))
            .orElse("");
    SequencedMap<String, Node> nodes = new LinkedHashMap<>();
    SequencedMap<String, Mirror> mirrors = new LinkedHashMap<>();
    Path state = state(top);
    Optional<Value> nodesValue = top.require("nodes", "the servers, each with its address");
    Optional<Value> mirrorsValue = top.require("mirrors", "the directories, each with its path");
    Layout layout = new Layout(state);
    mirrorsValue.ifPresent(value -> mirrors.putAll(MirrorsReader.read(value, layout)));
    nodesValue.ifPresent(
        value -> nodes.putAll(NodesReader.read(value, mirrors.sequencedKeySet(), layout)));
    layout.complainAboutClashes(nodes.values());
    Duration lease = lease(top);
    String primary = primary(top, nodes);
    if (lease != null) {
      requireVotes(top, nodes);
    }
    noticeWhatHasNoEffect(top, lease != null);
    return new Configuration(
        file,
        text,
        cluster,
        nodes,
        mirrors,
        primary,
        lease,
        guard(top),
        limits(top),
        versions(top),
        TakeoverReader.takeover(top),
        ChecksReader.checks(top),
        TakeoverReader.failover(top),
        TakeoverReader.fence(top),
        TakeoverReader.failback(top, nodes),
        TakeoverReader.hooks(top),
        TakeoverReader.notifications(top),
        TakeoverReader.api(top, file),
        state,
        complaints.notices());
  }

  private static void noticeWhatHasNoEffect(Section top, boolean withLease) {
    for (String key : WITHOUT_EFFECT) {
      if (!withLease || !WITH_LEASE.contains(key)) {
        top.key(key).ifPresent(value -> value.notice(key + ": has no effect in this version"));
      }
    }
  }

  private Path state(Section top) {
    Path beside = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
    return top.scalar(
        "state",
        Configuration.DEFAULT_STATE,
        "a directory, absolute or beside this file, whose whole path has at most "
            + MAX_STATE_BYTES
            + " bytes",
        text -> shortEnough(beside.resolve(pathOf(text)).normalize()));
  }

  private static Path shortEnough(Path state) {
    if (Bytes.of(state.toString()).length() > MAX_STATE_BYTES) {
      throw new IllegalArgumentException(state + " is too long");
    }
    return state;
  }

  /**
   * @throws IllegalArgumentException if the text is no path
   */
  static Path pathOf(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException unfit) {
      throw new IllegalArgumentException("\"" + text + "\" is no path", unfit);
    }
  }

  private static String primary(Section top, SequencedMap<String, Node> nodes) {
    String names =
        String.join(", ", nodes.values().stream().filter(Node::holdsData).map(Node::name).toList());
    boolean fixed = top.get("primary").isPresent();
    boolean granted = top.get("lease").isPresent();
    if (!fixed && !granted) {
      top.complain(
          "\"primary\" or \"lease\" is missing in " + Section.WHOLE,
          "primary: NODE for fixed roles, NODE being one of "
              + names
              + ", or lease: {duration: 2s}");
    } else if (fixed && granted) {
      top.key("lease")
          .ifPresent(key -> key.complain("primary: and lease: are both there", "one of them"));
    }
    return top.scalar(
        "primary",
        "",
        "a node that holds the mirrors: one of " + names,
        name -> {
          Node node = nodes.get(name);
          if (node == null || node.witness()) {
            throw new IllegalArgumentException(name);
          }
          return name;
        });
  }

  private static @Nullable Duration lease(Section top) {
    return top.get("lease")
        .map(value -> value.section("duration"))
        .map(
            section ->
                section.scalar(
                    "duration", DEFAULT_LEASE, LEASE_EXPECTED, ConfigurationReader::leaseOf))
        .orElse(null);
  }

  private static Duration leaseOf(String text) {
    Duration duration = Amounts.duration(text);
    if (duration.compareTo(SHORTEST_LEASE) < 0 || duration.compareTo(LONGEST_LEASE) > 0) {
      throw new IllegalArgumentException(text);
    }
    return duration;
  }

  /** Who has no vote learns nothing of who is primary. */
  private static void requireVotes(Section top, SequencedMap<String, Node> nodes) {
    for (Node node : nodes.values()) {
      if (!node.votes()) {
        top.complain(
            "node " + node.name() + " has no vote, which this version cannot do with a lease",
            "vote: true, or no vote: at all");
      }
    }
    boolean fenced = top.get("fence").isPresent();
    if (fenced && nodes.size() != 2) {
      top.key("fence")
          .ifPresent(
              key -> key.notice("fence: has no effect, since it is asked with two nodes only"));
    }
    if (!fenced && nodes.size() == 2) {
      top.key("lease")
          .ifPresent(
              key ->
                  key.notice(
                      "lease: two nodes cannot tell which of them is cut off: roles change by hand"
                          + " only, until there is a third, such as a witness, or a fence"));
    }
  }

  private static Guard guard(Section top) {
    return top.get("guard")
        .map(value -> value.section("deletions", "share", "within"))
        .map(
            section ->
                new Guard(
                    section.count("deletions", Guard.DEFAULT.deletions(), 0, Integer.MAX_VALUE),
                    section.scalar(
                        "share",
                        Guard.DEFAULT.share(),
                        "a share from 1% to 100%",
                        ConfigurationReader::upToAll),
                    section.duration("within", Guard.DEFAULT.within())))
        .orElse(Guard.DEFAULT);
  }

  private static double upToAll(String text) {
    double share = Amounts.share(text);
    if (share > 1) {
      throw new IllegalArgumentException(text);
    }
    return share;
  }

  private static Limits limits(Section top) {
    return top.get("limits")
        .map(value -> value.section("bandwidth", "cpu", "compress"))
        .map(
            section ->
                new Limits(
                    section.scalar(
                        "bandwidth",
                        Limits.UNLIMITED,
                        Amounts.RATE_EXPECTED,
                        Amounts::bytesPerSecond),
                    section.scalar(
                        "cpu",
                        Limits.DEFAULT.processors(),
                        "a share of one processor such as 50%, or 200% for two",
                        Amounts::share),
                    section.choice("compress", Compression.AUTO)))
        .orElse(Limits.DEFAULT);
  }

  private static Versions versions(Section top) {
    return top.get("versions")
        .map(value -> value.section("keep", "max-size"))
        .map(
            section ->
                new Versions(
                    section.duration("keep", Versions.DEFAULT.keep()),
                    section.scalar(
                        "max-size",
                        Versions.DEFAULT.maxBytes(),
                        Amounts.SIZE_EXPECTED,
                        Amounts::bytes)))
        .orElse(Versions.DEFAULT);
  }
}
