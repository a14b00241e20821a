package org.hotspare.wire;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;

/** Nodes of a cluster without the admission protocol. */
final class TestCluster {
  private TestCluster() {}

  /** The certificates of a further node, in a directory of its own. */
  static Certificates member(Certificates inviting, Path directory, String node)
      throws IOException {
    return member(inviting, directory, node, InstantSource.system());
  }

  static Certificates member(
      Certificates inviting, Path directory, String node, InstantSource clock) throws IOException {
    byte[] request = Certificates.request(directory, inviting.cluster(), node);
    Certificates.store(
        directory,
        new Frame.Joined(
            org.hotspare.tree.Bytes.wrap(inviting.sign(request, node)),
            org.hotspare.tree.Bytes.wrap(inviting.authorityCertificate()),
            org.hotspare.tree.Bytes.EMPTY,
            org.hotspare.tree.Bytes.EMPTY),
        inviting.cluster(),
        node,
        clock);
    return Certificates.load(directory, clock);
  }
}
