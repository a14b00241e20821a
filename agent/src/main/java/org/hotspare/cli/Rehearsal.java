package org.hotspare.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Goes once through what commands do, against an agent that always says the same. */
public final class Rehearsal {
  private static final String CONFIGURATION =
      """
      cluster: rehearsal
      nodes: {alpha: {address: 127.0.0.1:7400}, beta: {address: 127.0.0.1:7401}}
      mirrors: {www: {path: /srv/www, exclude: ["*.tmp"]}}
      primary: alpha
      guard: {within: 60s}
      state: .
      """;

  private static final String ANSWER =
      """
      {"status":{"node":"alpha","version":"1","role":"primary","epoch":1,"checks":[],\
      "primary":{"node":"alpha","connected":true},"mirrors":[{"name":"www","path":"/srv/www",\
      "state":"copying","position":{"epoch":1,"sequence":1},"entries":1,"bytes":1,\
      "coverage":{"method":"fanotify","complete":true,"reason":""},"standbys":[{"node":"beta",\
      "connected":true,"position":{"epoch":1,"sequence":1},\
      "lag":{"changes":1,"bytes":1,"seconds":0.1}}],"problems":[],"problemCount":0,\
      "progress":{"doneBytes":1,"totalBytes":2,"doneEntries":1,"totalEntries":2,\
      "bytesPerSecond":1,"secondsLeft":1}}],"differing":[],"needingRestart":[],"next":[]},\
      "wait":{"durable":true,"millis":1,"missing":[]},\
      "answer":{"outcome":"DONE","lines":[]},"done":true,"exit":0}
      """;

  private Rehearsal() {}

  /** Prints what they print. */
  public static void commands() throws IOException {
    Path directory = Files.createTempDirectory("hotspare-rehearsal");
    Path file = directory.resolve("hotspare.yaml");
    Path socket = directory.resolve("agent.sock");
    Files.writeString(file, CONFIGURATION);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual().start(() -> answer(server));
      for (List<String> command :
          List.of(
              List.of("check"),
              List.of("status"),
              List.of("status", "--json"),
              List.of("status", "--check"),
              List.of("wait", "--timeout=1s"),
              List.of("approve"))) {
        String[] words = new String[command.size() + 1];
        command.toArray(words);
        words[command.size()] = "--config=" + file;
        Main.execute(words);
      }
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(file);
      Files.deleteIfExists(directory);
    }
  }

  private static void answer(ServerSocketChannel server) {
    ByteBuffer request = ByteBuffer.allocate(1024);
    try {
      while (true) {
        try (SocketChannel command = server.accept()) {
          command.read(request.clear());
          command.write(ByteBuffer.wrap(ANSWER.getBytes(StandardCharsets.UTF_8)));
        }
      }
    } catch (IOException over) {
      // The rehearsal is over, or what remains of it fails and says so itself.
      Thread.currentThread().interrupt();
    }
  }
}
