package org.hotspare.agent;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.hotspare.lease.Roles;

/**
 * Compares who votes by this node's file with who votes by the cluster's record. Majorities of two
 * sets of voters need have nobody in common, so a node whose file names others must not vote.
 */
final class SameVoters {
  private final Set<String> configured;
  private final Consumer<String> differ;

  /** Empty for as long as they are the same. */
  private final AtomicReference<String> difference = new AtomicReference<>("");

  /**
   * @param configured by this node's file
   * @param differ told once, when the first record is learnt of that names others; must not block
   */
  SameVoters(Set<String> configured, Consumer<String> differ) {
    this.configured = Set.copyOf(configured);
    this.differ = differ;
  }

  /**
   * Before this node votes.
   *
   * @throws IOException if the record that it remembers names others
   */
  void require(Roles remembered) throws IOException {
    Optional<String> found = difference(remembered);
    if (found.isPresent()) {
      throw new IOException(found.get());
    }
  }

  /** A record was learnt of. Whatever comes after one that names others, they are not the same. */
  void learn(Roles roles) {
    Optional<String> found = difference(roles);
    if (found.isPresent() && difference.compareAndSet("", found.get())) {
      differ.accept(found.get());
    }
  }

  /**
   * While this node votes.
   *
   * @throws IOException if a record was learnt of that names others
   */
  void requireStill() throws IOException {
    String found = Objects.requireNonNull(difference.get());
    if (!found.isEmpty()) {
      throw new IOException(found);
    }
  }

  /** A record that was never written names nobody. */
  private Optional<String> difference(Roles roles) {
    return roles.voters().isEmpty() || roles.voters().equals(configured)
        ? Optional.empty()
        : Optional.of(
            ("by this node's configuration %s vote, by the cluster's record %s: this version cannot"
                    + " change who votes, so this node takes no part in votes until its file names"
                    + " those of the record and the agent is started again")
                .formatted(
                    String.join(", ", new TreeSet<>(configured)),
                    String.join(", ", roles.voters())));
  }
}
