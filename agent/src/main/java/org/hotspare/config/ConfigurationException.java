package org.hotspare.config;

import java.util.List;
import java.util.stream.Collectors;

/** The configuration cannot be used; says everything that is wrong with it, in file order. */
public final class ConfigurationException extends Exception {
  private final transient List<Complaint> complaints;

  public ConfigurationException(List<Complaint> complaints) {
    super(complaints.stream().map(Complaint::render).collect(Collectors.joining("\n")));
    this.complaints = List.copyOf(complaints);
  }

  public List<Complaint> complaints() {
    return complaints;
  }
}
