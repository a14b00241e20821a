package org.hotspare.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A server of the cluster.
 *
 * @param addresses where its agent listens; a peer tries them in this order; never empty
 * @param networkInterface the network interface of the service addresses on this node; empty if it
 *     is the one of {@code takeover}
 * @param paths where mirrors lie on this node, by mirror, if not where {@code mirrors} says
 * @param witness whether it only votes and holds no mirror
 * @param votes whether its agent counts for a majority
 * @param promotable whether it may become primary
 * @param bytesPerSecond at most this much is sent to it; {@link Limits#UNLIMITED} for no limit of
 *     its own
 */
public record Node(
    String name,
    List<Address> addresses,
    String networkInterface,
    Map<String, Path> paths,
    boolean witness,
    boolean votes,
    boolean promotable,
    long bytesPerSecond) {
  public Node {
    addresses = List.copyOf(addresses);
    paths = Map.copyOf(paths);
  }

  Node withRate(long newBytesPerSecond) {
    return new Node(
        name, addresses, networkInterface, paths, witness, votes, promotable, newBytesPerSecond);
  }

  /** The host names and IP addresses at which its agent listens, without zones of interfaces. */
  public Set<String> hosts() {
    return addresses.stream().map(Address::hostWithoutZone).collect(Collectors.toSet());
  }

  /** Whether it holds the mirrors. */
  public boolean holdsData() {
    return !witness;
  }
}
