package org.hotspare.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.hotspare.testing.FreePorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What load balancers are told by a primary and a standby that run. */
final class NodeAvailabilityTest {
  @TempDir Path base;

  private final List<Integer> ports = FreePorts.take(2);
  private final int alpha = ports.getFirst();
  private final int beta = ports.getLast();
  private final HttpClient client = HttpClient.newHttpClient();

  private HttpResponse<String> ask(int port, String target) {
    URI at = URI.create("http://127.0.0.1:" + port + target);
    try {
      return client.send(HttpRequest.newBuilder(at).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private int code(int port, String target) {
    return ask(port, target).statusCode();
  }

  @Test
  void theRolesOfAPairAreTold() throws Exception {
    try (TestPair pair = TestPair.withApis(base, alpha, beta).start()) {
      Files.writeString(pair.alpha().tree().resolve("a"), "a");
      pair.assertSame();
      await("beta has all", () -> code(beta, "/standby?max-lag=1s") == 200);
      assertThat(code(alpha, "/primary")).isEqualTo(200);
      assertThat(code(alpha, "/standby")).isEqualTo(503);
      assertThat(code(alpha, "/replica")).isEqualTo(200);
      assertThat(ask(beta, "/primary").body()).isEqualTo("beta is not primary\n");
      assertThat(code(beta, "/replica")).isEqualTo(200);
      assertThat(code(beta, "/health")).isEqualTo(200);
      assertThat(ask(alpha, "/status").body()).startsWith("{\"node\":\"alpha\",");
      assertThat(ask(alpha, "/metrics").body())
          .contains("hotspare_standby_connected{mirror=\"www\",standby=\"beta\"} 1.0");

      pair.relay().pause();
      pair.relay().drop();
      await("beta says that it is cut off", () -> code(beta, "/standby") == 503);
      assertThat(ask(beta, "/replica").body()).contains("is not connected to the primary");
      pair.relay().resume();
      await("beta is back", () -> code(beta, "/standby?max-lag=1s") == 200);

      pair.alpha().stop();
      assertThatThrownBy(() -> code(alpha, "/primary")).isInstanceOf(UncheckedIOException.class);
      await("beta lost its primary", () -> code(beta, "/replica") == 503);
      pair.alpha().start();
      // Nothing was changed meanwhile, so that nothing comes that would say so.
      await("beta has all again", () -> code(beta, "/replica?max-lag=1s") == 200);
      assertThat(code(alpha, "/primary")).isEqualTo(200);
    }
  }
}
