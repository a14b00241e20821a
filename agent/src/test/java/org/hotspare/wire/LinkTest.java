package org.hotspare.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hotspare.tree.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LinkTest {
  @TempDir Path temporary;

  @Test
  void twoNodesTalk() throws Exception {
    Certificates alpha = Certificates.init(temporary.resolve("alpha"), "web", "alpha");
    Certificates beta = TestCluster.member(alpha, temporary.resolve("beta"), "beta");
    BlockingQueue<Link> accepted = new LinkedBlockingQueue<>();
    try (Listener listener =
            Listener.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                alpha,
                "beta"::equals,
                Doorkeeper.nobody(),
                LinkOptions.of("0.1.0"),
                accepted::add);
        Link client =
            new Connector(beta, LinkOptions.of("0.1.0"))
                .connect("alpha", List.of(listener.address()));
        Link server = take(accepted)) {
      assertThat(client.peer()).isEqualTo("alpha");
      assertThat(server.peer()).isEqualTo("beta");
      client.sendNow(new Frame.Ack(new Position(1, 2)));
      assertThat(server.receive()).isEqualTo(new Frame.Ack(new Position(1, 2)));
      RandomFrames frames = new RandomFrames(5);
      Frame rows = frames.rows();
      server.sendNow(rows);
      assertThat(client.receive()).isEqualTo(rows);
    }
  }

  private static Link take(BlockingQueue<Link> links) throws InterruptedException, IOException {
    Link link = links.poll(10, TimeUnit.SECONDS);
    if (link == null) {
      throw new IOException("no link was accepted");
    }
    return link;
  }
}
