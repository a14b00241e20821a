package org.hotspare.lease;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.hotspare.wire.DurableFile;

/** By which {@link Founding} a node goes. That it is written is what makes a founding count. */
final class FoundingFile {
  private final Path file;

  FoundingFile(Path file) {
    this.file = file;
  }

  /**
   * @param first what counts where there is no file
   * @throws IOException if it cannot be read or is damaged: by another record than the one that
   *     counts a node must not vote
   */
  Founding read(Founding first) throws IOException {
    try {
      Founding written =
          FoundingCodec.decode(
              org.hotspare.lease.proto.Founding.parseFrom(Files.readAllBytes(file)));
      if (written.isFirst()) {
        throw new IllegalArgumentException("it names no founder");
      }
      return written;
    } catch (NoSuchFileException none) {
      return first;
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException(
          "%s is damaged (%s): it held by which record this node goes; restore it, or have this node"
                  .formatted(file, e.getMessage())
              + " invited again",
          e);
    }
  }

  /** Durable when it returns. */
  void write(Founding founding) throws IOException {
    DurableFile.write(file, FoundingCodec.encode(founding).toByteArray(), DurableFile.SECRET);
  }
}
