package org.hotspare.agent;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.hotspare.failover.Fencing;
import org.hotspare.takeover.Fence;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the fence on a thread of its own, and knows what it said last.
 *
 * <p>Invariant: what it says of an earlier question is no answer to the one that is open.
 */
final class FenceWork implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FenceWork.class);

  /** Null where there is none: it never knows then. */
  private final @Nullable Fence fence;

  private final Runnable answered;
  private final Consumer<String> news;
  private final ExecutorService work =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("fence").factory());

  /** All guarded by this. */
  private Fencing last = Fencing.NONE;

  private long question;
  private Future<?> running = CompletableFuture.completedFuture(null);

  /**
   * @param answered called when there is an answer; must not block
   * @param news told what the fence said; must not block
   */
  FenceWork(@Nullable Fence fence, Runnable answered, Consumer<String> news) {
    this.fence = fence;
    this.answered = answered;
    this.news = news;
  }

  synchronized Fencing last() {
    return last;
  }

  /** Asks; what was asked before is given up, and its command killed. */
  synchronized void ask(long epoch) {
    running.cancel(true);
    last = new Fencing(epoch, Fencing.Answer.ASKED);
    question++;
    long asked = question;
    running = work.submit(() -> answer(asked, epoch, verdict(epoch)));
  }

  private Fence.Verdict verdict(long epoch) {
    if (fence == null) {
      return new Fence.Verdict(false, "there is none");
    }
    try {
      return fence.ask(epoch);
    } catch (InterruptedException e) {
      return new Fence.Verdict(false, "given up");
    } catch (RuntimeException e) {
      LOG.error("the fence failed", e);
      return new Fence.Verdict(false, e.toString());
    }
  }

  private void answer(long asked, long epoch, Fence.Verdict verdict) {
    synchronized (this) {
      if (asked != question) {
        return;
      }
      last = new Fencing(epoch, verdict.off() ? Fencing.Answer.OFF : Fencing.Answer.UNKNOWN);
    }
    news.accept(
        "the fence says that the other node is %s: %s"
            .formatted(verdict.off() ? "off" : "not known to be off", verdict.how()));
    answered.run();
  }

  @Override
  public void close() {
    work.shutdownNow();
  }
}
