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
 */
final class KnownRecord {
  private static final Logger LOG = LoggerFactory.getLogger(KnownRecord.class);

  private final Path file;
  private volatile ClusterRecord.Version known;

  KnownRecord(Path file) {
    this.file = file;
    this.known = read();
  }

  /** Version 0 where there is none: less is known then, nothing wrong. */
  private ClusterRecord.Version read() {
    try {
      return RecordCodec.decode(Record.parseFrom(Files.readAllBytes(file)));
    } catch (NoSuchFileException none) {
      return new ClusterRecord.Version(0, Roles.NONE);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.warn("{} is damaged, and not used: {}", file, e.getMessage());
      return new ClusterRecord.Version(0, Roles.NONE);
    } catch (IOException e) {
      LOG.warn("{} cannot be read: {}", file, e.getMessage());
      return new ClusterRecord.Version(0, Roles.NONE);
    }
  }

  ClusterRecord.Version version() {
    return known;
  }

  /** Durable when it returns, as far as this disk can: what is told after it is acted on. */
  synchronized void learn(ClusterRecord.Version version) {
    if (version.number() <= known.number()) {
      return;
    }
    known = version;
    Record record =
        Record.newBuilder()
            .setVersion(version.number())
            .setRoles(RecordCodec.encode(version.roles()))
            .build();
    try {
      DurableFile.write(file, record.toByteArray(), DurableFile.SECRET);
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", file, e.getMessage());
    }
  }
}
