package org.hotspare.health;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hotspare.health.Outcome.Failed;
import org.hotspare.health.Outcome.Passed;
import org.hotspare.health.Outcome.Unable;
import org.hotspare.linux.Echo;
import org.hotspare.linux.LinuxException;

/** The hosts of one round of echo requests, by what has become of each. Owned by one thread. */
final class EchoRound {
  private final Set<InetAddress> answered = new LinkedHashSet<>();
  private final Set<InetAddress> awaited = new LinkedHashSet<>();

  /** Names whose addresses are not known yet. */
  private final Set<String> sought = new LinkedHashSet<>();

  /** Why they were not asked. */
  private final Map<String, String> unasked = new LinkedHashMap<>();

  /** Whether any of those would have been asked but for this machine. */
  private boolean failed;

  /** Asks it; that it cannot be asked is what becomes of it. */
  void ask(InetAddress address, Echo echo) {
    if (answered.contains(address) || !awaited.add(address)) {
      return;
    }
    try {
      echo.ask(address);
    } catch (LinuxException e) {
      awaited.remove(address);
      unasked.put(address.getHostAddress(), e.getMessage());
      failed |= !OwnError.is(e);
    }
  }

  /** It cannot be asked, and that is nobody's fault here. */
  void failed(String host, String why) {
    unasked.put(host, why);
    failed = true;
  }

  /** Its addresses are being looked up. */
  void seek(String name) {
    sought.add(name);
  }

  /**
   * @param addresses none where the name is not known
   */
  void found(String name, List<InetAddress> addresses, Echo echo) {
    sought.remove(name);
    if (addresses.isEmpty()) {
      failed(name, "no such name is known");
    }
    addresses.forEach(address -> ask(address, echo));
  }

  /**
   * @return whether it had been asked and had not answered before
   */
  boolean answer(InetAddress from) {
    return awaited.remove(from) && answered.add(from);
  }

  /** Whether anything may still come. */
  boolean isOpen() {
    return !awaited.isEmpty() || !sought.isEmpty();
  }

  /** What is waited for. */
  String doing() {
    if (awaited.isEmpty()) {
      return "finding the addresses of " + String.join(", ", sought);
    }
    String names = sought.isEmpty() ? "" : " and the addresses of " + String.join(", ", sought);
    return "waiting for the echo of " + texts(awaited) + names;
  }

  /** What it has come to if nothing more comes; empty while nobody has answered. */
  Optional<Passed> passed() {
    return answered.isEmpty() ? Optional.empty() : Optional.of(new Passed(text()));
  }

  Outcome outcome() {
    if (!answered.isEmpty()) {
      return new Passed(text());
    }
    boolean asked = failed || isOpen();
    return asked ? new Failed(text()) : new Unable(text());
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    add(text, texts(answered), answered.size() == 1 ? " answers" : " answer");
    add(text, texts(awaited), awaited.size() == 1 ? " does not answer" : " do not answer");
    add(text, String.join(", ", sought), sought.size() == 1 ? " is not found" : " are not found");
    unasked.forEach((host, why) -> add(text, host, ": " + why));
    return text.toString();
  }

  private static void add(StringBuilder text, String subject, String predicate) {
    if (!subject.isEmpty()) {
      text.append(text.isEmpty() ? "" : "; ").append(subject).append(predicate);
    }
  }

  private static String texts(Set<InetAddress> addresses) {
    return addresses.stream().map(InetAddress::getHostAddress).collect(Collectors.joining(", "));
  }
}
