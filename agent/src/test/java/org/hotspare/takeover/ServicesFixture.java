package org.hotspare.takeover;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A {@link TestHost} for each test. */
abstract class ServicesFixture {
  /** For what is not to succeed. What is to has a minute. */
  static final Duration SHORT = Duration.ofMillis(500);

  @TempDir Path directory;

  private @Nullable TestHost opened;

  @BeforeEach
  void begin() throws Exception {
    opened = TestHost.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    host().close();
  }

  final TestHost host() {
    return Objects.requireNonNull(opened);
  }

  /** One of the primary. */
  static Service service(String start, String stop, String status) {
    return TestService.service(start, stop, status, Service.Where.PRIMARY, TestService.TIMEOUT);
  }

  static Service shortly(Service service) {
    return new Service(service.control(), service.where(), SHORT);
  }
}
