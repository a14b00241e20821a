package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.hotspare.linux.LoopFileSystem;

/** A filesystem of some user's, which not even root may look into. */
final class Forbidden implements AutoCloseable {
  private final Path point;
  private final Process owner;

  Forbidden(Path point) throws IOException {
    this.point = point;
    String script =
        """
        exec 3<>/dev/fuse
        mount -i -t fuse -o fd=3,rootmode=40000,user_id=12345,group_id=12345 none "$0" || exit 1
        echo mounted
        read ended
        """;
    owner =
        new ProcessBuilder("sh", "-c", script, point.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(owner.getInputStream(), StandardCharsets.UTF_8));
    assertThat(said.readLine()).isEqualTo("mounted");
  }

  @Override
  public void close() throws IOException {
    LoopFileSystem.run("umount", point.toString());
    owner.getOutputStream().close();
    try {
      assertThat(owner.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
