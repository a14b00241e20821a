package org.hotspare.takeover;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What the commands of each test write and start: a {@link Journal} and {@link Sleepers}. */
abstract class CommandFixture {
  /** For what is to end by itself. */
  static final Duration LONG = Duration.ofMinutes(1);

  @TempDir Path directory;

  final Sleepers sleepers = new Sleepers();
  Journal journal = new Journal(Path.of(""));

  @BeforeEach
  void begin() {
    journal = Journal.in(directory);
  }

  @AfterEach
  void end() {
    sleepers.close();
  }
}
