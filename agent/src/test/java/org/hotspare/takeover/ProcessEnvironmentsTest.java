package org.hotspare.takeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hotspare.testing.Command;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a FIFO for the environment of a process whose memory is locked. */
class ProcessEnvironmentsTest {
  private static final String ENTRY = "HOTSPARE_SERVICE=x";

  @TempDir Path proc;

  private final Sleepers sleepers = new Sleepers();

  @BeforeEach
  void begin() throws Exception {
    for (int i = 0; i < 2; i++) {
      new ProcessBuilder(List.of("/bin/sh", "-c", "exec " + sleepers.command())).start();
    }
    sleepers.awaitSome(2);
  }

  @AfterEach
  void end() {
    sleepers.close();
  }

  private Path environment(ProcessHandle process) throws IOException {
    return Files.createDirectories(proc.resolve(Long.toString(process.pid()))).resolve("environ");
  }

  private static void fifo(Path file) {
    Command.succeed(List.of("mkfifo", file.toString()));
  }

  private static void write(Path fifo, String text) {
    try (OutputStream out = Files.newOutputStream(fifo)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void oneThatDoesNotAnswerHoldsUpNobodyAndIsKnownNotToBeKnown() throws Exception {
    ProcessHandle stuck = sleepers.all().get(0);
    ProcessHandle marked = sleepers.all().get(1);
    Path fifo = environment(stuck);
    fifo(fifo);
    Files.writeString(environment(marked), "A=1\0" + ENTRY + "\0");
    ProcessEnvironments environments = new ProcessEnvironments(proc);
    ProcessEnvironments.Found first = environments.withEntry(ENTRY);
    assertThat(first.own()).containsExactly(marked);
    assertThat(first.unknown()).containsExactly(stuck);

    Files.delete(environment(marked));
    MarkedProcesses processes = new MarkedProcesses("HOTSPARE_SERVICE", "x", environments);
    assertThat(processes.areNone()).isTrue();
    assertThat(processes.areSurelyNone()).isFalse();

    // Who was left behind, and reads no others' any more, is let go.
    write(fifo, "B=1\0");
    Files.delete(fifo);
    Files.writeString(fifo, ENTRY + "\0");
    await("it can be asked again", () -> own(environments).equals(List.of(stuck)));
  }

  private static List<ProcessHandle> own(ProcessEnvironments environments) {
    try {
      return environments.withEntry(ENTRY).own();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As one that is just replaced by another program. */
  @Test
  void oneThatShowsNothingForAnInstantIsFound() throws Exception {
    Path fifo = environment(sleepers.all().getFirst());
    fifo(fifo);
    MarkedProcesses processes =
        new MarkedProcesses("HOTSPARE_SERVICE", "x", new ProcessEnvironments(proc));
    CompletableFuture<Boolean> none =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return processes.areNone();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    try (OutputStream opened = Files.newOutputStream(fifo)) {
      // Who reads it has it open, so the next look is at what takes its place.
      Path then = Files.writeString(proc.resolve("then"), ENTRY + "\0");
      Files.move(then, fifo, StandardCopyOption.REPLACE_EXISTING);
      opened.flush();
    }
    assertThat(none.get()).isFalse();
  }
}
