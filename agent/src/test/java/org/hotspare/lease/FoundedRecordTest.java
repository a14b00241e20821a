package org.hotspare.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hotspare.testing.Await.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.hotspare.lease.proto.Write;
import org.hotspare.tree.Bytes;
import org.hotspare.wire.Frame.Subject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From one record of three members to another that one keeps alone, and back. */
final class FoundedRecordTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final Set<String> ALL = Set.copyOf(TestMember.NODES);
  private static final Roles FIRST = new Roles(1, "beta", Set.of("alpha"), ALL, null);
  private static final Roles ALONE =
      new Roles(1001, "alpha", Set.of("beta"), Set.of("alpha"), null);

  @TempDir Path base;

  private final Map<String, TestMember> members = new TreeMap<>();
  private Map<String, Integer> ports;

  @BeforeEach
  void startAll() throws IOException {
    ports = TestMember.prepare(base);
    for (String node : TestMember.NODES) {
      start(node);
    }
  }

  @AfterEach
  void stopAll() throws IOException {
    for (TestMember member : members.values()) {
      member.close();
    }
  }

  private void start(String node) throws IOException {
    members.put(node, new TestMember(node, base, ports));
  }

  private void stop(String node) throws IOException {
    Objects.requireNonNull(members.remove(node)).close();
  }

  private void restart(String node) throws IOException {
    stop(node);
    start(node);
  }

  private FoundedRecord record(String node) {
    return Objects.requireNonNull(members.get(node)).record();
  }

  /** Alpha is left of three, and decides alone. */
  private void found() throws Exception {
    record("beta").compareAndSet(0, FIRST, LONG);
    await("alpha learns of it", () -> record("alpha").current().number() == 1);
    stop("beta");
    stop("gamma");
    assertThat(record("alpha").foundAlone(0, ALONE, 0)).as("of an older version").isFalse();
    assertThat(record("alpha").foundAlone(1, ALONE, 0)).isTrue();
  }

  @Test
  void whoIsLeftSetsItAlone() throws Exception {
    found();
    ClusterRecord.Version begun = new ClusterRecord.Version(2, ALONE);
    assertThat(record("alpha").current()).isEqualTo(begun);
    assertThat(record("alpha").isConfirmed()).isTrue();
    restart("alpha");
    assertThat(record("alpha").current()).as("after its start").isEqualTo(begun);
    assertThat(record("alpha").isConfirmed()).isFalse();
    Roles promoted = ALONE.promoted("alpha", 1002);
    assertThat(record("alpha").compareAndSet(2, promoted, LONG).written()).isTrue();
    restart("alpha");
    assertThat(record("alpha").current().roles()).isEqualTo(promoted);
    assertThat(record("alpha").read(LONG).roles()).isEqualTo(promoted);
    assertThat(record("alpha").isConfirmed()).isTrue();
  }

  @Test
  void thoseThatReturnSetTheOldOneWithoutIt() throws Exception {
    found();
    start("beta");
    start("gamma");
    Roles old = FIRST.promoted("alpha", 2);
    assertThat(record("beta").compareAndSet(1, old, LONG).written()).isTrue();
    assertThat(record("alpha").current().roles()).isEqualTo(ALONE);

    Founding founding = record("alpha").founding();
    assertThat(founding.isAlone()).isTrue();
    record("beta").adopt(founding);
    for (int i = 0; i < 2; i++) {
      assertThat(record("beta").current()).isEqualTo(founding.begun());
      assertThat(record("beta").isConfirmed()).isFalse();
      assertThatThrownBy(() -> record("beta").compareAndSet(2, old, SHORT))
          .hasMessageContaining("kept by alpha alone");
      assertThatThrownBy(() -> record("gamma").compareAndSet(2, old, SHORT))
          .as("one of three is left of the old one")
          .isInstanceOf(IOException.class);
      restart("beta");
    }
  }

  @Test
  void itIsSharedAgainWithAllThatWasSetMeanwhile() throws Exception {
    found();
    Roles promoted = ALONE.promoted("alpha", 1002);
    record("alpha").compareAndSet(2, promoted, LONG);
    Founding alone = record("alpha").founding();
    start("beta");
    start("gamma");
    for (String node : Set.of("beta", "gamma")) {
      record(node).adopt(alone);
    }
    record("alpha").share(ALL, 0);
    Roles shared = promoted.withVoters(ALL);
    ClusterRecord.Version begun = new ClusterRecord.Version(4, shared);
    assertThat(record("alpha").current()).isEqualTo(begun);
    assertThatThrownBy(() -> record("alpha").compareAndSet(4, shared, SHORT))
        .as("nobody else goes by it yet")
        .isInstanceOf(IOException.class);
    restart("alpha");
    assertThat(record("alpha").current()).isEqualTo(begun);

    Founding founding = record("alpha").founding();
    assertThat(founding.members()).isEqualTo(new TreeSet<>(ALL));
    record("beta").adopt(founding);
    assertThat(record("beta").read(LONG)).as("two of three").isEqualTo(begun);
    Roles next = shared.promoted("beta", 1003);
    assertThat(record("beta").compareAndSet(4, next, LONG).written()).isTrue();
    record("gamma").adopt(founding);
    await("gamma learns of it", () -> record("gamma").current().roles().equals(next));
    stop("alpha");
    Roles last = next.promoted("gamma", 1004);
    assertThat(record("gamma").compareAndSet(5, last, LONG).written()).isTrue();
    restart("beta");
    assertThat(record("beta").read(LONG).roles()).isEqualTo(last);
  }

  /** Its version could be that of the record which the other keeps. */
  @Test
  void aWriteOfOneRecordChangesNoOther() throws Exception {
    found();
    Write.Builder write =
        Write.newBuilder().setVersion(2).setRoles(RecordCodec.encode(FIRST)).setFounding("-7-beta");
    Bytes content = Bytes.wrap(write.build().toByteArray());
    record("alpha").read(LONG);
    assertThatThrownBy(() -> record("alpha").answer("alpha", Subject.WRITE, content))
        .hasMessageContaining("another record");
    assertThat(record("alpha").read(LONG)).isEqualTo(record("alpha").founding().begun());
  }

  @Test
  void aDamagedFileIsNoFirstFounding() throws Exception {
    FoundingFile file = new FoundingFile(base.resolve("founding"));
    Founding first = Founding.first(ALL);
    assertThat(file.read(first)).isEqualTo(first);
    Founding alone = Founding.of("alpha", Set.of("alpha"), new ClusterRecord.Version(2, ALONE), 0);
    file.write(alone);
    assertThat(file.read(first)).isEqualTo(alone);
    byte[] cut = Arrays.copyOf(Files.readAllBytes(base.resolve("founding")), 9);
    for (byte[] damaged : new byte[][] {{}, {1, 2, 3}, cut}) {
      Files.write(base.resolve("founding"), damaged);
      assertThatThrownBy(() -> file.read(first)).hasMessageContaining("founding is damaged");
    }
  }
}
