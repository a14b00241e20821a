package org.hotspare.config;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** Reads {@code nodes}. */
final class NodesReader {
  private static final String EXPECTED =
      "the nodes by name, such as alpha: {address: 10.0.0.1:7400}";

  private final SequencedSet<String> mirrors;
  private final Layout layout;
  private final Map<Address, String> taken = new HashMap<>();

  private NodesReader(SequencedSet<String> mirrors, Layout layout) {
    this.mirrors = mirrors;
    this.layout = layout;
  }

  static SequencedMap<String, Node> read(Value value, SequencedSet<String> mirrors, Layout layout) {
    NodesReader reader = new NodesReader(mirrors, layout);
    SequencedMap<String, Node> nodes = new LinkedHashMap<>();
    value
        .fields(EXPECTED)
        .forEach(
            (name, field) -> {
              field.key().parsed(Names.EXPECTED, Names::check);
              nodes.put(name, reader.node(name, field.value()));
            });
    if (nodes.isEmpty() && value.isMapping()) {
      value.complain("nodes is empty", EXPECTED);
    }
    return nodes;
  }

  private Node node(String name, Value value) {
    Section section =
        value.section("address", "interface", "paths", "witness", "vote", "promote", "bandwidth");
    section.require("address", Address.EXPECTED);
    boolean witness = section.flag("witness", false);
    List<Address> addresses = section.each("address", item -> address(name, item));
    section
        .get("address")
        .filter(at -> at.items().isEmpty())
        .ifPresent(at -> at.complain("nodes." + name + ".address is empty", Address.EXPECTED));
    if (witness) {
      section
          .get("paths")
          .ifPresent(at -> at.complain("a witness holds no mirrors", "no paths for " + name));
    }
    return new Node(
        name,
        addresses,
        section.scalar(
            "interface", "", TakeoverReader.INTERFACE_EXPECTED, TakeoverReader::networkInterface),
        section.get("paths").map(at -> paths(name, at)).orElse(Map.of()),
        witness,
        section.flag("vote", true),
        section.flag("promote", !witness),
        section.scalar(
            "bandwidth", Limits.UNLIMITED, Amounts.RATE_EXPECTED, Amounts::bytesPerSecond));
  }

  private Optional<Address> address(String node, Value item) {
    Optional<Address> address = item.parsed(Address.EXPECTED, Address::parse);
    if (address.isPresent()) {
      String other = taken.putIfAbsent(address.get(), node);
      if (other != null) {
        item.complain(
            address.get() + " is already an address of node " + other,
            "an address of its own for each node");
      }
    }
    return address;
  }

  private Map<String, Path> paths(String node, Value value) {
    Map<String, Path> paths = new LinkedHashMap<>();
    value
        .section(mirrors.toArray(String[]::new))
        .fields()
        .forEach(
            (mirror, field) -> {
              if (mirrors.contains(mirror)) {
                MirrorsReader.path(field.value())
                    .map(path -> layout.onNode(node, mirror, path, field.value()))
                    .ifPresent(path -> paths.put(mirror, path));
              }
            });
    return paths;
  }
}
