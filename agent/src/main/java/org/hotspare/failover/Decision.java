package org.hotspare.failover;

import java.util.ArrayList;
import java.util.List;
import org.hotspare.lease.Roles;

/** One decision in the making: what it is made from, and the actions so far. */
final class Decision {
  private final View view;
  private final long now;
  private final List<Action> actions = new ArrayList<>();

  Decision(View view, long nowNanos) {
    this.view = view;
    this.now = nowNanos;
  }

  View view() {
    return view;
  }

  long now() {
    return now;
  }

  Timing timing() {
    return view.settings().timing();
  }

  /** After a random time, so that candidates do not get in each other's way for ever. */
  long soonNanos() {
    return now + (long) (timing().apart().toNanos() * view.lot());
  }

  /** Comes before all other actions. */
  void become(Role next, String reason) {
    if (!actions.isEmpty()) {
      throw new IllegalStateException(next + " after " + actions);
    }
    Transition.require(view, next);
    actions.add(new Action.Become(next, reason));
  }

  void act(Action action) {
    actions.add(action);
  }

  /** The number of the work that {@link #perform} begins next. */
  long nextTask() {
    return view.task().number() + 1;
  }

  void perform(Stage stage, long epoch) {
    actions.add(new Action.Perform(nextTask(), stage, epoch));
  }

  /** Whether no attempt to write the record is under way. */
  boolean mayWrite() {
    RecordWrite open = view.openWrite();
    return open == null || !open.running();
  }

  void write(Roles roles, String reason) {
    if (!mayWrite()) {
      throw new IllegalStateException("a second write of the record beside " + view.write());
    }
    actions.add(new Action.WriteRecord(view.record().number(), roles, reason));
  }

  /** Where an operator asked for what was decided. */
  void answer(Class<? extends Order> asked, boolean done, String reason) {
    if (asked.isInstance(view.order())) {
      actions.add(new Action.Answer(done, reason));
    }
  }

  List<Action> actions() {
    return List.copyOf(actions);
  }
}
