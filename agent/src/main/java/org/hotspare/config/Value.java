package org.hotspare.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A value in the file, with its place and the name people know it by ({@code mirrors.www.path}).
 * What does not fit is noted among the complaints and reads as absent.
 */
final class Value {
  private final Node node;
  private final String name;
  private final Complaints complaints;

  Value(Node node, String name, Complaints complaints) {
    this.node = node;
    this.name = name;
    this.complaints = complaints;
  }

  String name() {
    return name;
  }

  void complain(String message, String expected) {
    complaints.error(node.getStartMark(), message, expected);
  }

  void notice(String message) {
    complaints.notice(node.getStartMark(), message);
  }

  /** The text of a scalar that is not empty. */
  Optional<String> text(String expected) {
    if (node instanceof ScalarNode scalar
        && !scalar.getTag().equals(Tag.NULL)
        && !scalar.getValue().isBlank()) {
      return Optional.of(scalar.getValue());
    }
    complain(name + " is " + shape(), expected);
    return Optional.empty();
  }

  /** The scalar as {@code parser} reads it; an IllegalArgumentException is a complaint. */
  <T> Optional<T> parsed(String expected, Function<String, T> parser) {
    Optional<String> text = text(expected);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(parser.apply(text.get()));
    } catch (IllegalArgumentException unfit) {
      complain(name + " is " + quoted(text.get()), expected);
      return Optional.empty();
    }
  }

  /** The items of a list; a value that is no list counts as a list of one. */
  List<Value> items() {
    if (!(node instanceof SequenceNode sequence)) {
      return List.of(this);
    }
    List<Value> items = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      items.add(new Value(item, name + "[" + items.size() + "]", complaints));
    }
    return items;
  }

  boolean isMapping() {
    return node instanceof MappingNode;
  }

  /** The mapping's entries by key, in file order; the same key twice is a complaint. */
  Map<String, Field> fields(String expected) {
    Map<String, Field> fields = new LinkedHashMap<>();
    if (!(node instanceof MappingNode mapping)) {
      complain(name + " is " + shape(), expected);
      return fields;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      Value key = new Value(tuple.getKeyNode(), "a key of " + name, complaints);
      Optional<String> text = key.text("a name as a key");
      if (text.isEmpty()) {
        continue;
      }
      String path = name.equals(Section.WHOLE) ? text.get() : name + "." + text.get();
      Field field = new Field(key, new Value(tuple.getValueNode(), path, complaints));
      if (fields.putIfAbsent(text.get(), field) != null) {
        key.complain("\"" + text.get() + "\" stands twice in " + name, "each key once");
      }
    }
    return fields;
  }

  /** The mapping with exactly these keys allowed; any other is a complaint. */
  Section section(String... known) {
    return Section.of(this, List.of(known));
  }

  private String shape() {
    if (node instanceof MappingNode) {
      return "a mapping";
    }
    if (node instanceof SequenceNode) {
      return "a list";
    }
    String text = node instanceof ScalarNode scalar ? scalar.getValue() : "";
    return text.isBlank() ? "empty" : quoted(text);
  }

  private static String quoted(String text) {
    return "\"" + (text.length() > 80 ? text.substring(0, 80) + "…" : text) + "\"";
  }

  /** A key and its value, each with its place. */
  record Field(Value key, Value value) {}
}
