package org.hotspare.config;

import java.util.regex.Pattern;

/** Names of clusters, nodes and mirrors: they become parts of file names and of certificates. */
final class Names {
  static final String EXPECTED =
      "a name of at most 63 letters, digits, \".\", \"_\" or \"-\", beginning with a letter or digit";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private Names() {}

  /**
   * @throws IllegalArgumentException if it is no name
   */
  static String check(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("\"" + name + "\" is not " + EXPECTED);
    }
    return name;
  }
}
