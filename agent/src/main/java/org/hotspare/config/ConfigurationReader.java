package org.hotspare.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.hotspare.tree.Bytes;

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
      List.of("takeover", "checks", "failover", "failback", "versions", "hooks", "notify", "api");

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
    String primary = primary(top, nodes);
    for (String key : WITHOUT_EFFECT) {
      top.key(key).ifPresent(value -> value.notice(key + ": has no effect in this version"));
    }
    return new Configuration(
        file,
        text,
        cluster,
        nodes,
        mirrors,
        primary,
        guard(top),
        limits(top),
        versions(top),
        TakeoverReader.takeover(top),
        ChecksReader.checks(top),
        TakeoverReader.failover(top),
        TakeoverReader.failback(top, nodes),
        TakeoverReader.hooks(top),
        TakeoverReader.notifications(top),
        TakeoverReader.api(top, file),
        state,
        complaints.notices());
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
    top.key("lease")
        .ifPresent(
            key ->
                key.complain(
                    "lease: is not supported by this version yet",
                    "primary: NODE for fixed roles, NODE being one of " + names));
    if (top.get("primary").isEmpty() && top.get("lease").isEmpty()) {
      top.complain("\"primary\" is missing in " + Section.WHOLE, "primary: one of " + names);
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
