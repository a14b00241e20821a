package org.hotspare.mirror;

import java.nio.file.Path;
import org.hotspare.index.Index;
import org.hotspare.index.IndexException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a mirror's index, or a fresh one in place of one that is damaged. */
final class Indexes {
  private static final Logger LOG = LoggerFactory.getLogger(Indexes.class);

  private Indexes() {}

  static Index open(String mirror, Path file) {
    try {
      return Index.open(file);
    } catch (IndexException e) {
      if (e.kind() != IndexException.Kind.DAMAGED) {
        throw e;
      }
      Path aside = Index.setAside(file);
      LOG.warn(
          "mirror {}: the index is damaged ({}); it is kept as {} and made anew from the tree",
          mirror,
          e.getMessage(),
          aside);
      return Index.open(file);
    }
  }
}
