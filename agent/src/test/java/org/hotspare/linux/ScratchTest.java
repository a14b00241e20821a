package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hotspare.tree.Name;
import org.junit.jupiter.api.Test;

class ScratchTest {
  @Test
  void callsOfManyThreadsDoNotMix() throws Exception {
    try (LoopFileSystem fileSystem = LoopFileSystem.create(LoopFileSystem.Kind.TMPFS, 16);
        DirFd root = fileSystem.open();
        var executor = Executors.newFixedThreadPool(100)) {
      List<Future<Set<Long>>> answers = new ArrayList<>();
      for (int thread = 0; thread < 100; thread++) {
        Name name = Name.of("file " + thread);
        root.create(name).close();
        answers.add(
            executor.submit(
                () -> {
                  Set<Long> inodes = new HashSet<>();
                  for (int i = 0; i < 500; i++) {
                    inodes.add(root.stat(name).inode());
                  }
                  return inodes;
                }));
      }
      Set<Long> all = new HashSet<>();
      for (Future<Set<Long>> answer : answers) {
        assertThat(answer.get()).hasSize(1);
        all.addAll(answer.get());
      }
      assertThat(all).hasSize(100);
    }
  }

  @Test
  void oneScratchIsNeverGivenTwice() {
    Set<Scratch> taken = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      taken.add(Scratch.take());
    }
    assertThat(taken).hasSize(300);
    taken.forEach(Scratch::close);
    try (Scratch again = Scratch.take()) {
      assertThat(taken).contains(again);
    }
  }
}
