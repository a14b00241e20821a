package org.hotspare.config;

import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** YAML text as a tree of values that know their place. */
final class Document {
  private static final int DEEPEST = 32;

  private Document() {}

  /** The outermost value; nothing, and a complaint, if the text is no YAML or empty. */
  static Optional<Value> read(String text, String file, Complaints complaints) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(file)
            .setCodePointLimit(Configuration.MAX_FILE_BYTES)
            .build();
    try {
      Optional<Optional<Mark>> tooDeep = tooDeep(settings, text);
      if (tooDeep.isPresent()) {
        complaints.error(
            tooDeep.get(), "values are nested too deeply", "at most " + DEEPEST + " levels");
        return Optional.empty();
      }
      Optional<Value> whole =
          new Compose(settings)
              .composeString(text)
              .map(node -> new Value(node, Section.WHOLE, complaints));
      if (whole.isEmpty()) {
        complaints.error(
            Optional.empty(), "the file is empty", "at least cluster, nodes, mirrors and primary");
      }
      return whole;
    } catch (MarkedYamlEngineException broken) {
      complaints.error(
          broken.getProblemMark().or(broken::getContextMark),
          "this is not YAML: " + oneLine(broken.getProblem()),
          "");
    } catch (ReaderException broken) {
      complaints.error(
          Optional.empty(),
          "this is not YAML: forbidden character number " + (broken.getPosition() + 1),
          "text without control characters");
    } catch (YamlEngineException broken) {
      complaints.error(
          Optional.empty(),
          "this is not YAML: " + oneLine(String.valueOf(broken.getMessage())),
          "");
    }
    return Optional.empty();
  }

  /** Where it gets too deep, if it does: composing the values takes stack for each level. */
  private static Optional<Optional<Mark>> tooDeep(LoadSettings settings, String text) {
    int depth = 0;
    for (Event event : new Parse(settings).parseString(text)) {
      if (event instanceof CollectionStartEvent && ++depth > DEEPEST) {
        return Optional.of(event.getStartMark());
      }
      if (event instanceof CollectionEndEvent) {
        depth--;
      }
    }
    return Optional.empty();
  }

  private static String oneLine(String problem) {
    return problem.strip().replaceAll("\\s+", " ");
  }
}
