package org.hotspare.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hotspare.admin.Answer;
import org.hotspare.admin.Difference;
import org.hotspare.admin.Event;
import org.hotspare.admin.Invitation;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Operations;
import org.hotspare.admin.Role;
import org.hotspare.admin.RoleOrder;
import org.hotspare.admin.Status;
import org.hotspare.admin.VerifyListener;
import org.hotspare.admin.VerifyResult;
import org.hotspare.admin.Version;
import org.hotspare.admin.WaitResult;
import org.hotspare.admin.WrongRequest;
import org.hotspare.config.Mirror;
import org.hotspare.config.Node;
import org.hotspare.failover.Action;
import org.hotspare.failover.Order;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.mirror.StandbyMirror;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Invitations;
import org.jspecify.annotations.Nullable;

/** What the commands ask of a running agent. */
final class AgentOperations implements Operations {

  private static final String START_THE_OTHERS =
      "Start the other machines only while this node runs and they can reach it: alone they go on with"
          + " what they knew.";
  private static final Duration ROLE_CHANGE = Duration.ofMinutes(2);

  private static final Duration PROMOTABLE_CHECK = Duration.ofMillis(50);

  private static final String NOT_PROMOTABLE =
      "is away or behind and could not take over: what was written is on the primary only";

  private final Agent agent;

  AgentOperations(Agent agent) {
    this.agent = agent;
  }

  @Override
  public Status status() {
    Mirrors.Seen seen = agent.mirrors().seen();
    List<MirrorStatus> mirrors = mirrors(seen);
    boolean connected = agent.isPrimary() || seen.connected();
    LeasedRoles roles = agent.roles();
    long epoch =
        roles != null
            ? roles.epoch()
            : mirrors.stream().mapToLong(m -> m.position().epoch()).max().orElse(0);
    Role role =
        agent.isPrimary() ? Role.PRIMARY : agent.self().holdsData() ? Role.STANDBY : Role.WITNESS;
    return new Status(
        agent.self().name(),
        Version.current(),
        role,
        epoch,
        roles == null ? null : roles.status(),
        roles == null ? null : roles.gate(),
        roles == null ? List.of() : roles.checks(),
        new Status.PrimaryStatus(agent.primary(), connected),
        mirrors,
        agent.shared().differing().entrySet().stream()
            .map(node -> new Status.Differing(node.getKey(), node.getValue()))
            .toList(),
        agent.needingRestart(),
        next(mirrors));
  }

  private List<MirrorStatus> mirrors(Mirrors.Seen seen) {
    List<MirrorStatus> mirrors = new ArrayList<>();
    List<String> names = standbyNames();
    seen.primaries().forEach(view -> mirrors.add(StatusView.of(view, pathOf(view.name()), names)));
    seen.standbys()
        .forEach(view -> mirrors.add(StatusView.of(view, pathOf(view.name()), List.of())));
    if (mirrors.isEmpty() && agent.roles() != null) {
      seen.copies()
          .forEach((name, copy) -> mirrors.add(StatusView.atRest(name, pathOf(name), copy)));
    }
    return mirrors;
  }

  private String pathOf(String mirror) {
    Mirror configured = agent.configuration().mirrors().get(mirror);
    return configured == null
        ? ""
        : agent.configuration().pathOf(configured, agent.self()).toString();
  }

  private List<String> standbyNames() {
    return agent.isPrimary()
        ? agent.configuration().standbysOf(agent.self().name()).stream().map(Node::name).toList()
        : List.of();
  }

  private List<String> next(List<MirrorStatus> mirrors) {
    List<String> next = new ArrayList<>();
    for (MirrorStatus mirror : mirrors) {
      if (mirror.state() == MirrorState.HELD) {
        next.add("hotspare approve --mirror " + mirror.name());
        if (agent.isPrimary()) {
          next.add("hotspare reject --mirror " + mirror.name());
        }
      }
    }
    return next;
  }

  @Override
  public WaitResult waitForStandbys(Duration timeout) throws WrongRequest, InterruptedException {
    requirePrimary("wait");
    long started = System.nanoTime();
    LeasedRoles roles = agent.roles();
    List<String> missing =
        roles == null
            ? agent.mirrors().await(promotableStandbys(), timeout)
            : awaitPromotable(roles, timeout);
    long millis = (System.nanoTime() - started) / 1_000_000;
    return new WaitResult(missing.isEmpty(), millis, missing);
  }

  private List<String> promotableStandbys() {
    return agent.configuration().standbysOf(agent.self().name()).stream()
        .filter(Node::promotable)
        .map(Node::name)
        .toList();
  }

  /**
   * Whom it has to wait for may change meanwhile: what counts is who it is at the end. Where nobody
   * could take over, it waits until somebody can: a barrier promises more than this node's disk.
   */
  private List<String> awaitPromotable(LeasedRoles roles, Duration timeout)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    long epoch = roles.epoch();
    Optional<Set<String>> now = roles.awaited();
    while (now.isPresent()) {
      Set<String> asked = now.get();
      Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      if (asked.isEmpty() && !promotableStandbys().isEmpty()) {
        if (left.isZero()) {
          return promotableStandbys().stream().map(node -> node + ": " + NOT_PROMOTABLE).toList();
        }
        Thread.sleep(PROMOTABLE_CHECK);
        now = roles.awaited();
        epoch = roles.epoch();
        continue;
      }
      List<String> missing = agent.mirrors().await(List.copyOf(asked), left);
      now = roles.awaited();
      boolean same = now.isPresent() && asked.containsAll(now.get()) && roles.epoch() == epoch;
      if (!missing.isEmpty() || same) {
        return missing;
      }
      epoch = roles.epoch();
    }
    return List.of(agent.self().name() + ": does not hold the lease");
  }

  private void requirePrimary(String command) throws WrongRequest {
    if (!agent.isPrimary()) {
      throw new WrongRequest("%s is for the primary; that is %s".formatted(command, primary()));
    }
  }

  private String primary() {
    String primary = agent.primary();
    if (primary.isEmpty()) {
      return "nobody now";
    }
    boolean self = primary.equals(agent.self().name());
    return self ? "this node by the cluster's record, without the lease at this moment" : primary;
  }

  private <T> Map<String, T> chosen(Map<String, T> all, @Nullable String mirror)
      throws WrongRequest {
    if (mirror == null) {
      return all;
    }
    T one = all.get(mirror);
    if (one == null) {
      throw new WrongRequest(
          "there is no mirror \"%s\" here; there are %s"
              .formatted(mirror, agent.configuration().mirrors().keySet()));
    }
    return Map.of(mirror, one);
  }

  @Override
  public VerifyResult verify(@Nullable String mirror, boolean repair, VerifyListener listener)
      throws WrongRequest, InterruptedException {
    requirePrimary("verify");
    List<String> standbys = standbyNames();
    long entries = 0;
    long bytes = 0;
    long differences = 0;
    long repaired = 0;
    List<String> unreached = new ArrayList<>();
    for (var chosen : chosen(agent.primaries(), mirror).entrySet()) {
      List<PrimaryMirror.Verified> all;
      try {
        all = chosen.getValue().verify(agent.self().name(), standbys, repair);
      } catch (IOException e) {
        unreached.add(agent.self().name() + ": " + e.getMessage());
        continue;
      }
      for (PrimaryMirror.Verified verified : all) {
        Frame.VerifyReply reply = verified.reply();
        if (reply == null) {
          unreached.add(verified.node() + ": " + verified.unreached());
          continue;
        }
        boolean self = verified.node().equals(agent.self().name());
        boolean mended = repair && !self;
        entries = Math.max(entries, reply.entries());
        bytes = Math.max(bytes, reply.bytes());
        differences += reply.differenceCount();
        repaired += mended ? reply.differenceCount() : 0;
        for (Frame.PathProblem problem : reply.differences()) {
          listener.difference(
              new Difference(
                  chosen.getKey(),
                  verified.node(),
                  problem.path().toString(),
                  problem.reason(),
                  mended));
        }
      }
    }
    return new VerifyResult(entries, bytes, differences, repaired, unreached);
  }

  @Override
  public Answer approve(@Nullable String mirror, Duration validFor) throws WrongRequest {
    List<String> lines = new ArrayList<>();
    try {
      for (PrimaryMirror primary : chosen(agent.primaries(), mirror).values()) {
        boolean held = primary.view().held() != null;
        String done = primary.approve(validFor);
        lines.add(done == null ? approved(primary.name(), held, validFor) : done);
      }
      for (StandbyMirror standby : chosen(agent.standbys(), mirror).values()) {
        boolean held = standby.view().held() != null;
        standby.approve(validFor);
        lines.add(approved(standby.name(), held, validFor));
      }
    } catch (IOException e) {
      return Answer.no(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.no("interrupted");
    }
    agent.events().record(Event.Kind.COMMAND, mirror, "approve");
    return Answer.done(lines.toArray(String[]::new));
  }

  private static String approved(String mirror, boolean held, Duration validFor) {
    String now = held ? "what is held goes through" : "nothing is held";
    return validFor.isZero()
        ? mirror + ": " + now
        : "%s: %s, and deletions of the next %,d s go through without asking"
            .formatted(mirror, now, validFor.toSeconds());
  }

  @Override
  public Answer reject(@Nullable String mirror) throws WrongRequest {
    // A standby writes into the primary's tree only when somebody says so there.
    requirePrimary("reject");
    List<String> lines = new ArrayList<>();
    try {
      for (PrimaryMirror primary : chosen(agent.primaries(), mirror).values()) {
        boolean held = primary.view().held() != null;
        String done = primary.reject();
        String answer = held ? "what is held comes back" : "nothing is held";
        lines.add(done == null ? primary.name() + ": " + answer : done);
      }
    } catch (IOException e) {
      return Answer.no(String.valueOf(e.getMessage()));
    }
    agent.events().record(Event.Kind.COMMAND, mirror, "reject");
    return Answer.done(lines.toArray(String[]::new));
  }

  @Override
  public Answer changeRoles(RoleOrder order) throws WrongRequest, InterruptedException {
    LeasedRoles roles = agent.roles();
    if (roles == null) {
      throw new WrongRequest(
          "the roles are fixed by the configuration: primary: " + agent.configuration().primary());
    }
    if (order instanceof RoleOrder.Switchover) {
      requirePrimary("switchover");
    }
    if (order instanceof RoleOrder.Resume && !agent.primary().equals(agent.self().name())) {
      requirePrimary("resume");
    }
    if (order instanceof RoleOrder.Failover(var to, _, _) && !to.equals(agent.self().name())) {
      throw new WrongRequest("ask %s itself: that is %s".formatted(to, agent.self().name()));
    }
    agent.events().record(Event.Kind.COMMAND, null, words(order));
    Order translated = translated(order);
    try {
      Action.Answer answer =
          roles.ask(translated).get(ROLE_CHANGE.toMillis(), TimeUnit.MILLISECONDS);
      if (answer.done()) {
        return order instanceof RoleOrder.Failover(_, _, var othersAreOff) && othersAreOff
            ? Answer.done(answer.reason(), START_THE_OTHERS)
            : Answer.done(answer.reason());
      }
      return order instanceof RoleOrder.Failover
          ? Answer.refused(answer.reason())
          : Answer.no(answer.reason());
    } catch (ExecutionException | TimeoutException e) {
      roles.withdraw(translated);
      return Answer.no(
          "it was not done within %d s; hotspare status tells how far it is"
              .formatted(ROLE_CHANGE.toSeconds()));
    }
  }

  private static String words(RoleOrder order) {
    return switch (order) {
      case RoleOrder.Switchover(var to) -> to.isEmpty() ? "switchover" : "switchover to " + to;
      case RoleOrder.Failover(var to, var acceptLoss, var othersAreOff) ->
          "failover to "
              + to
              + (acceptLoss ? ", with loss accepted" : "")
              + (othersAreOff ? ", all others said to be off" : "");
      case RoleOrder.Pause(var reason, _) -> "pause: " + reason;
      case RoleOrder.Resume _ -> "resume";
    };
  }

  private static Order translated(RoleOrder order) {
    return switch (order) {
      case RoleOrder.Switchover(var to) -> new Order.Switchover(to);
      case RoleOrder.Failover(_, var acceptLoss, var othersAreOff) ->
          new Order.Failover(acceptLoss, othersAreOff);
      case RoleOrder.Pause(var reason, var millis) ->
          new Order.Pause(
              reason, millis == 0 ? 0 : (System.currentTimeMillis() + millis + 999) / 1000);
      case RoleOrder.Resume _ -> new Order.Resume();
    };
  }

  @Override
  public Invitation invite(String node) throws WrongRequest {
    Node invited = agent.configuration().nodes().get(node);
    if (invited == null) {
      throw new WrongRequest(
          "the configuration has no node \"%s\"; it has %s"
              .formatted(node, agent.configuration().nodes().keySet()));
    }
    List<InetSocketAddress> addresses =
        agent.self().addresses().stream()
            .map(a -> InetSocketAddress.createUnresolved(a.host(), a.port()))
            .toList();
    try {
      String token =
          agent.admission().invite(node, invited.holdsData(), addresses, Invitations.VALID).text();
      return new Invitation(node, token, Invitations.VALID.toSeconds());
    } catch (IOException e) {
      throw new WrongRequest("the invitation cannot be stored: " + e.getMessage());
    }
  }
}
