package org.hotspare.watch;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.hotspare.linux.DirFd;
import org.hotspare.tree.EntryId;

/** Watches nothing: of a tree that nobody changes, or that is looked at without an event. */
public class NoWatcher implements Watcher {
  @Override
  public Coverage coverage() {
    return new Coverage("nothing", true, "");
  }

  @Override
  public void watch(EntryId id, DirFd directory) {}

  @Override
  public Set<Long> devices() {
    return Set.of();
  }

  @Override
  public void forget(EntryId id) {}

  @Override
  public List<Mark> poll(Duration timeout, int maxMarks) {
    return List.of();
  }

  @Override
  public void wake() {}

  @Override
  public long cookie() {
    return 0;
  }

  @Override
  public boolean passed(long token) {
    return true;
  }

  @Override
  public long eventCookie() {
    return cookie();
  }

  @Override
  public boolean eventsPassed(long token) {
    return passed(token);
  }

  @Override
  public void close() {}
}
