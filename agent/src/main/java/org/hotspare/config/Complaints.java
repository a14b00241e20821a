package org.hotspare.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** Collects what is wrong with one file while it is read, so that one run names all of it. */
final class Complaints {
  /** Past this many the rest would only scroll the first ones away. */
  private static final int MOST = 100;

  private final String file;
  private final List<String> lines;
  private final List<Complaint> errors = new ArrayList<>();
  private final List<Complaint> notices = new ArrayList<>();

  Complaints(String file, String text) {
    this.file = file;
    this.lines = text.lines().toList();
  }

  void error(Optional<Mark> at, String message, String expected) {
    if (errors.size() < MOST) {
      errors.add(complaint(at, message, expected));
    }
  }

  void notice(Optional<Mark> at, String message) {
    notices.add(complaint(at, message, ""));
  }

  private Complaint complaint(Optional<Mark> at, String message, String expected) {
    int line = at.map(mark -> mark.getLine() + 1).orElse(1);
    int column = at.map(mark -> mark.getColumn() + 1).orElse(1);
    String source = line <= lines.size() ? lines.get(line - 1) : "";
    return new Complaint(file, line, column, message, expected, source);
  }

  List<Complaint> errors() {
    return inFileOrder(errors);
  }

  List<Complaint> notices() {
    return inFileOrder(notices);
  }

  private static List<Complaint> inFileOrder(List<Complaint> complaints) {
    return complaints.stream()
        .sorted(Comparator.comparingInt(Complaint::line).thenComparingInt(Complaint::column))
        .toList();
  }
}
