package org.hotspare.takeover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.hotspare.tree.Digest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of one agent's services.
 *
 * @param owner unlike that of any other agent on this machine; fit for a file's name
 * @param directory there already; one that waits for no disk
 */
record ServiceRecords(String owner, Path directory) {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceRecords.class);
  private static final String UNIT = ".service";

  /**
   * Fit for a file's name, and unlike that of any other service on this machine. By the unit's
   * name, or the start command: so it stays the same when others come and go.
   */
  String id(Service.Control control) {
    return switch (control) {
      case Service.Systemd(String unit) ->
          owner + "-unit-" + digest(unit.endsWith(UNIT) ? unit : unit + UNIT);
      case Service.Commands commands -> owner + "-" + digest(commands.start());
    };
  }

  private static String digest(String text) {
    byte[] hash = Digest.newHash().digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash, 0, 6);
  }

  ServiceRecord of(Service.Control control) {
    return new ServiceRecord(directory.resolve(id(control) + ServiceRecord.SUFFIX));
  }

  /**
   * What was begun and not stopped since.
   *
   * @param claimed the ids of those that are left out
   * @throws IOException if the directory cannot be read
   */
  List<Service> begunBeside(Set<String> claimed) throws IOException {
    List<Service> begun = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(directory, "*" + ServiceRecord.SUFFIX)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        String id = name.substring(0, name.length() - ServiceRecord.SUFFIX.length());
        if (id.startsWith(owner + "-") && !claimed.contains(id)) {
          add(new ServiceRecord(file), begun);
        }
      }
    }
    return begun;
  }

  private static void add(ServiceRecord record, List<Service> begun) {
    try {
      record.service().ifPresent(begun::add);
    } catch (IOException damaged) {
      LOG.warn("A service that was begun cannot be stopped: {}", damaged.getMessage());
    }
  }
}
