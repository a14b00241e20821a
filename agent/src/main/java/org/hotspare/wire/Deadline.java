package org.hotspare.wire;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A time for a whole conversation, which timeouts of single reads cannot give. */
final class Deadline {
  private Deadline() {}

  /**
   * What {@code conversation} comes to; when it takes too long, or ends in an exception, the
   * connection is closed.
   */
  static <T> T await(Future<T> conversation, Socket connection, Duration deadline)
      throws IOException {
    boolean done = false;
    try {
      T result = conversation.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
      done = true;
      return result;
    } catch (TimeoutException e) {
      SocketTimeoutException late =
          new SocketTimeoutException("no complete handshake in " + deadline.toMillis() + " ms");
      late.initCause(e);
      throw late;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during a handshake", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failed -> throw failed;
        case RuntimeException bug -> throw bug;
        case Error fatal -> throw fatal;
        case null, default -> throw new IOException(String.valueOf(e.getMessage()), e);
      }
    } finally {
      if (!done) {
        connection.close();
      }
    }
  }
}
