package org.hotspare.admin;

/** Hears how a comparison goes, while it goes on; called from one thread at a time. */
public interface VerifyListener {
  /**
   * @throws java.io.UncheckedIOException if nobody listens any more: the comparison should end
   */
  void progress(Progress progress);

  /**
   * @throws java.io.UncheckedIOException if nobody listens any more: the comparison should end
   */
  void difference(Difference difference);
}
