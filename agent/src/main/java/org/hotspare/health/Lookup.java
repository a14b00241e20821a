package org.hotspare.health;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finding the addresses of a name, on a thread of its own: that may take as long as a name server
 * does not answer, and nothing ends it. There is never more than one for a name at a time, however
 * many wait for it.
 */
final class Lookup {
  private static final Map<String, Lookup> UNDER_WAY = new ConcurrentHashMap<>();

  /** Told what came out; any thread. */
  @FunctionalInterface
  interface Listener {
    /**
     * @param addresses none where the name is not known
     */
    void found(String name, List<InetAddress> addresses);
  }

  private final String name;
  private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();

  private Lookup(String name) {
    this.name = name;
  }

  /** Tells the listener once what comes out, unless it was {@link #forget forgotten} before. */
  static Lookup begin(String name, Listener listener) {
    return UNDER_WAY.compute(
        name,
        (key, known) -> {
          Lookup lookup = known == null ? start(key) : known;
          lookup.listeners.add(listener);
          return lookup;
        });
  }

  void forget(Listener listener) {
    listeners.remove(listener);
  }

  private static Lookup start(String name) {
    Lookup lookup = new Lookup(name);
    Thread.ofPlatform().name("lookup-" + name).daemon().start(lookup::run);
    return lookup;
  }

  private void run() {
    List<InetAddress> found = List.of();
    try {
      found = List.of(InetAddress.getAllByName(name));
    } catch (UnknownHostException unknown) {
      // As it is told.
    } finally {
      // Who begins from now on gets another one; whoever began before is told.
      UNDER_WAY.remove(name);
      tell(found);
    }
  }

  private void tell(List<InetAddress> found) {
    for (Listener listener : listeners) {
      listener.found(name, found);
    }
  }
}
