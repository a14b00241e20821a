package org.hotspare.lease;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.hotspare.lease.proto.Record;
import org.hotspare.wire.DurableFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest version of the cluster's record that this member has learnt of, in a file. The engine
 * replays its log only when a majority says up to where: until then a member that was started knows
 * by this what it knew before, such as that it is the primary.
 *
 * <p>Invariant: a version is on this disk before {@link ClusterRecord} tells it to anybody, whether
 * to who is told of changes, as what is the case, or as the outcome of a read or a write. So what
 * this node acted on is known after its next start, however it ends. Where the disk refuses, that
 * is logged, the version holds for as long as the agent runs, and it is written when it is learnt
 * of again.
 */
final class KnownRecord {
  private static final Logger LOG = LoggerFactory.getLogger(KnownRecord.class);

  private final Path file;
  private volatile ClusterRecord.Version known;

  /** The version that the file holds. */
  private long written;

  /**
   * @param begun known before anything is learnt
   */
  KnownRecord(Path file, ClusterRecord.Version begun) {
    this.file = file;
    this.known = read(begun);
    this.written = known.number();
  }

  /** Where there is none that can be read less is known, and nothing wrong. */
  private ClusterRecord.Version read(ClusterRecord.Version begun) {
    try {
      return RecordCodec.decode(Record.parseFrom(Files.readAllBytes(file)));
    } catch (NoSuchFileException none) {
      return begun;
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.warn("{} is damaged, and not used: {}", file, e.getMessage());
      return begun;
    } catch (IOException e) {
      LOG.warn("{} cannot be read: {}", file, e.getMessage());
      return begun;
    }
  }

  ClusterRecord.Version version() {
    return known;
  }

  /** Durable when it returns, as far as this disk can. */
  synchronized void learn(ClusterRecord.Version version) {
    if (version.number() < known.number() || version.number() <= written) {
      return;
    }
    try {
      DurableFile.write(file, RecordCodec.encode(version).toByteArray(), DurableFile.SECRET);
      written = version.number();
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", file, e.getMessage());
    }
    known = version;
  }
}
