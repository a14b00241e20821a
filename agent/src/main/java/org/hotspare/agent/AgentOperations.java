package org.hotspare.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hotspare.admin.Answer;
import org.hotspare.admin.Difference;
import org.hotspare.admin.Event;
import org.hotspare.admin.Invitation;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Operations;
import org.hotspare.admin.Role;
import org.hotspare.admin.Status;
import org.hotspare.admin.VerifyListener;
import org.hotspare.admin.VerifyResult;
import org.hotspare.admin.Version;
import org.hotspare.admin.WaitResult;
import org.hotspare.admin.WrongRequest;
import org.hotspare.config.Mirror;
import org.hotspare.config.Node;
import org.hotspare.mirror.PrimaryMirror;
import org.hotspare.mirror.StandbyMirror;
import org.hotspare.wire.Frame;
import org.hotspare.wire.Invitations;
import org.jspecify.annotations.Nullable;

/** What the commands ask of a running agent. */
final class AgentOperations implements Operations {

  private final Agent agent;

  AgentOperations(Agent agent) {
    this.agent = agent;
  }

  @Override
  public Status status() {
    List<MirrorStatus> mirrors = new ArrayList<>();
    List<String> names = standbyNames();
    agent
        .primaries()
        .forEach((name, m) -> mirrors.add(StatusView.of(m.view(), pathOf(name), names)));
    agent
        .standbys()
        .forEach((name, m) -> mirrors.add(StatusView.of(m.view(), pathOf(name), List.of())));
    boolean connected =
        agent.isPrimary()
            || agent.standbys().values().stream().allMatch(StandbyMirror::isConnected);
    long epoch =
        agent.isPrimary()
            ? agent.primaries().values().stream().mapToLong(PrimaryMirror::epoch).max().orElse(0)
            : mirrors.stream().mapToLong(m -> m.position().epoch()).max().orElse(0);
    Role role =
        agent.isPrimary() ? Role.PRIMARY : agent.self().holdsData() ? Role.STANDBY : Role.WITNESS;
    return new Status(
        agent.self().name(),
        Version.current(),
        role,
        epoch,
        null,
        null,
        List.of(),
        new Status.PrimaryStatus(agent.configuration().primary(), connected),
        mirrors,
        agent.shared().differing().entrySet().stream()
            .map(node -> new Status.Differing(node.getKey(), node.getValue()))
            .toList(),
        agent.needingRestart(),
        next(mirrors));
  }

  private String pathOf(String mirror) {
    Mirror configured = agent.configuration().mirrors().get(mirror);
    return configured == null
        ? ""
        : agent.configuration().pathOf(configured, agent.self()).toString();
  }

  private List<String> standbyNames() {
    return agent.isPrimary()
        ? agent.configuration().standbys().stream().map(Node::name).toList()
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
    List<String> standbys =
        agent.configuration().standbys().stream().filter(Node::promotable).map(Node::name).toList();
    List<String> missing = new ArrayList<>();
    // The socket answers before every mirror is open, and what is not open is not known to be safe.
    for (String name : agent.configuration().mirrors().keySet()) {
      PrimaryMirror mirror = agent.primaries().get(name);
      if (mirror == null) {
        missing.add("%s: mirror %s is being opened".formatted(agent.self().name(), name));
        continue;
      }
      Duration left = timeout.minusNanos(System.nanoTime() - started);
      missing.addAll(mirror.await(standbys, left.isNegative() ? Duration.ZERO : left));
    }
    long millis = (System.nanoTime() - started) / 1_000_000;
    return new WaitResult(missing.isEmpty(), millis, missing);
  }

  private void requirePrimary(String command) throws WrongRequest {
    if (!agent.isPrimary()) {
      throw new WrongRequest(
          "%s is for the primary; that is %s".formatted(command, agent.configuration().primary()));
    }
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
