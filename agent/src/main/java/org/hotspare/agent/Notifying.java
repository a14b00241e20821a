package org.hotspare.agent;

import java.util.Optional;
import org.hotspare.admin.Event;
import org.hotspare.admin.EventLog;
import org.hotspare.config.Configuration;
import org.hotspare.config.Node;
import org.hotspare.config.Notifications;
import org.hotspare.config.Notifications.Occasion;
import org.hotspare.takeover.Notifier;
import org.jspecify.annotations.Nullable;

/** Has people told of events by the command that the configuration names, as long as it does. */
final class Notifying implements EventLog.Listener, AutoCloseable {
  private final EventLog events;

  /** Both guarded by this. */
  private Notifications wanted = Notifications.NONE;

  /** Null where nobody is to be told. */
  private @Nullable Notifier notifier;

  Notifying(EventLog events) {
    this.events = events;
  }

  /** From now on as this configuration has it; what is on its way by another one is waited for. */
  void change(Configuration configuration, Node self) {
    Notifier before;
    synchronized (this) {
      if (configuration.notifications().equals(wanted)) {
        return;
      }
      before = notifier;
      wanted = configuration.notifications();
      notifier =
          ConfiguredTakeover.notifier(
                  configuration, self, text -> events.record(Event.Kind.NOTIFY, null, text))
              .orElse(null);
    }
    // Not under the lock: that one may have something to record.
    close(before);
  }

  @Override
  public synchronized void happened(Event event, String json) {
    Notifier current = notifier;
    if (current != null) {
      occasion(event.kind())
          .ifPresent(occasion -> current.tell(ConfiguredTakeover.word(occasion), json));
    }
  }

  /** What a kind of event is an occasion for; that the command fails is none, or it had no end. */
  private static Optional<Occasion> occasion(Event.Kind kind) {
    return switch (kind) {
      case ROLE -> Optional.of(Occasion.ROLE);
      case HELD -> Optional.of(Occasion.HELD);
      case COVERAGE, PROBLEM -> Optional.of(Occasion.DEGRADED);
      case LAG -> Optional.of(Occasion.LAG);
      case DRIFT -> Optional.of(Occasion.DIVERGED);
      case CERTIFICATE -> Optional.of(Occasion.CERTIFICATE);
      case DISK -> Optional.of(Occasion.DISK);
      case MAJORITY -> Optional.of(Occasion.NO_MAJORITY);
      case AGENT, CONNECTION, REFUSED, COPY, CONFIGURATION, NOTIFY, COMMAND -> Optional.empty();
    };
  }

  @Override
  public void close() {
    Notifier last;
    synchronized (this) {
      last = notifier;
      notifier = null;
    }
    close(last);
  }

  private static void close(@Nullable Notifier one) {
    if (one != null) {
      one.close();
    }
  }
}
