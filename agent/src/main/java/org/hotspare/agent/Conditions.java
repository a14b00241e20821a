package org.hotspare.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.hotspare.admin.Event;
import org.jspecify.annotations.Nullable;

/**
 * Makes events of what lasts: one when it has been so for a while, and one when it has not been so
 * for a longer while, however often it came and went between. What is held waits for somebody, and
 * is told at once. For one thread.
 */
final class Conditions {
  static final Duration BEGINS_AFTER = Duration.ofSeconds(5);
  static final Duration ENDS_AFTER = Duration.ofSeconds(10);

  /**
   * Something that is not as it should be.
   *
   * @param mirror null if it concerns no single mirror
   * @param about what tells it from others of the same kind and mirror
   * @param text the sentence with which it begins
   * @param end the sentence with which it ends
   */
  record Condition(
      Event.Kind kind, @Nullable String mirror, String about, String text, String end) {
    private Key key() {
      return new Key(kind, mirror, about);
    }

    private Duration beginsAfter() {
      return kind == Event.Kind.HELD ? Duration.ZERO : BEGINS_AFTER;
    }
  }

  /** A sentence for the audit log. */
  record Told(Event.Kind kind, @Nullable String mirror, String text) {}

  private record Key(Event.Kind kind, @Nullable String mirror, String about) {}

  /** Since when it is known, when it was last seen, and whether it was told. */
  private record Known(Condition last, long sinceNanos, long seenNanos, boolean told) {}

  private final Map<Key, Known> known = new HashMap<>();

  /**
   * @param now all that is not as it should be at this moment
   * @return what is to be told
   */
  List<Told> see(Collection<Condition> now, long nowNanos) {
    List<Told> told = new ArrayList<>();
    for (Condition condition : now) {
      Known before = known.get(condition.key());
      long since = before == null ? nowNanos : before.sinceNanos;
      boolean wasTold = before != null && before.told;
      boolean due = nowNanos - since >= condition.beginsAfter().toNanos();
      if (due && !wasTold) {
        told.add(new Told(condition.kind, condition.mirror, condition.text));
      }
      known.put(condition.key(), new Known(condition, since, nowNanos, wasTold || due));
    }
    for (Iterator<Known> all = known.values().iterator(); all.hasNext(); ) {
      Known one = all.next();
      if (one.told && nowNanos - one.seenNanos >= ENDS_AFTER.toNanos()) {
        told.add(new Told(one.last.kind, one.last.mirror, one.last.end));
        all.remove();
      } else if (!one.told && one.seenNanos != nowNanos) {
        all.remove();
      }
    }
    return told;
  }
}
