package org.hotspare.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.hotspare.delta.DeltaOp;
import org.hotspare.tree.Attribute;
import org.hotspare.tree.Bytes;
import org.hotspare.tree.Change;
import org.hotspare.tree.Digest;
import org.hotspare.tree.Entry;
import org.hotspare.tree.EntryId;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Lineage;
import org.hotspare.tree.Metadata;
import org.hotspare.tree.Name;
import org.hotspare.tree.Position;
import org.hotspare.tree.RelPath;
import org.hotspare.tree.Timestamp;
import org.jspecify.annotations.Nullable;

/** Valid frames of every kind, from a seed. */
final class RandomFrames {
  static final int KINDS = 31;

  private static final List<Frame.Decision> DECISIONS =
      List.of(Frame.Decision.APPROVE, Frame.Decision.REJECT, Frame.Decision.REFILL);

  private static final List<Frame.Subject> SUBJECTS = List.of(Frame.Subject.values());

  private final SplittableRandom random;

  RandomFrames(long seed) {
    this.random = new SplittableRandom(seed);
  }

  Frame any() {
    return ofKind(random.nextInt(KINDS));
  }

  Frame ofKind(int kind) {
    return switch (kind) {
      case 0 -> new Frame.Hello(1, 1 + random.nextInt(9), "web", "alpha", "0.1.0");
      case 1 -> new Frame.Welcome(1 + random.nextInt(9), "beta", "0.1.0");
      case 2 -> new Frame.Refused("because of " + random.nextLong());
      case 3 -> new Frame.Ping(random.nextLong(), random.nextLong());
      case 4 -> new Frame.Pong(random.nextLong());
      case 5 -> new Frame.Subscribe("www", bytes(16), position(), lineage(), flag(), flag());
      case 6 -> new Frame.Subscribed(bytes(16), random.nextInt(1000), lineage(), mode());
      case 7 -> cutBegin();
      case 8 -> rows();
      case 9 -> contentPart();
      case 10 -> new Frame.ContentAborted(id(), "the file shrank");
      case 11 -> new Frame.CutReached(position());
      case 12 -> new Frame.CutEnd(position());
      case 13 -> new Frame.Ack(position());
      case 14 -> new Frame.Want(List.of(id(), id(), id()));
      case 15 -> new Frame.Report("in-sync", 12, 3456, flag() ? "held" : null, problems(), 9, 4);
      case 16 -> new Frame.Decide(DECISIONS.get(random.nextInt(3)), random.nextInt(1000));
      case 17 -> restore();
      case 18 -> new Frame.RestoreEnd(random.nextInt(1000));
      case 19 -> new Frame.RestoreDone(random.nextInt(1000), random.nextInt(10));
      case 20 -> new Frame.VerifyRequest(flag());
      case 21 -> new Frame.VerifyReply(1, 2, problems(), 7);
      case 22 -> new Frame.Join("gamma", some(32), some(300));
      case 23 -> new Frame.Joined(some(500), some(500), bytes(100), bytes(2000));
      case 24 -> new Frame.Renew(some(300));
      case 25 -> new Frame.Configured(List.of(new Frame.ConfiguredKey("guard", random.nextLong())));
      case 26 -> new Frame.Call(random.nextLong(), subject(), bytes(3000));
      case 27 -> new Frame.Answered(random.nextLong(), bytes(3000));
      case 28 -> new Frame.CallFailed(random.nextLong(), "not the leader");
      case 29 -> lease();
      default -> new Frame.Renewed(some(300));
    };
  }

  private Frame.Lease lease() {
    long epoch = random.nextInt(1000);
    return switch (random.nextInt(6)) {
      case 0 -> new Frame.Lease.Renewal(epoch, 1 + random.nextInt(100), millis());
      case 1 -> new Frame.Lease.Renewed(epoch, 1 + random.nextInt(100));
      case 2 -> new Frame.Lease.Superseded(epoch, epoch + 1);
      case 3 -> new Frame.Lease.Ballot(epoch, flag(), random.nextInt(10), millis());
      case 4 -> new Frame.Lease.Vote(epoch, flag(), flag(), epoch, millis());
      default -> new Frame.Lease.Release(epoch);
    };
  }

  private long millis() {
    return 1L + random.nextInt(60_000);
  }

  private Frame.Subject subject() {
    return SUBJECTS.get(random.nextInt(SUBJECTS.size()));
  }

  private Frame cutBegin() {
    Position from = position();
    Position to = new Position(from.epoch() + 1, random.nextInt(1000));
    return new Frame.CutBegin(to.epoch(), from, to, mode(), random.nextInt(99), 1L << 40);
  }

  Frame.Rows rows() {
    List<Row> rows = new ArrayList<>();
    Content content = new Content();
    for (int i = random.nextInt(20); i >= 0; i--) {
      rows.add(row(content));
    }
    return new Frame.Rows(rows, content.payload());
  }

  private Row row(Content content) {
    return switch (random.nextInt(4)) {
      case 0 -> new Row(new Change.InodeGone(id(), position()), null);
      case 1 -> new Row(new Change.NameSet(id(), name(), id(), position()), null);
      case 2 -> new Row(new Change.NameGone(id(), name(), position()), null);
      default -> {
        Entry entry = entry();
        @Nullable FileContent file = null;
        if (entry instanceof Entry.RegularFile && flag()) {
          @Nullable Digest base = flag() ? digest() : null;
          file = new FileContent(base, content.ops(0, base != null), flag());
        }
        yield new Row(new Change.InodeSet(id(), position(), entry), file);
      }
    };
  }

  private Frame contentPart() {
    Content content = new Content();
    List<DeltaOp> ops = content.ops(random.nextLong(1L << 50), true);
    return new Frame.ContentPart(id(), ops, content.payload(), flag() ? file() : null);
  }

  private Frame restore() {
    Content content = new Content();
    Entry entry = entry();
    List<DeltaOp> ops =
        entry instanceof Entry.RegularFile ? content.ops(random.nextInt(999), false) : List.of();
    return new Frame.Restore(
        RelPath.of(List.of(name(), name())), id(), flag(), entry, ops, content.payload(), flag());
  }

  Entry entry() {
    return switch (random.nextInt(4)) {
      case 0 -> new Entry.Directory(metadata());
      case 1 -> new Entry.SymbolicLink(metadata(), Bytes.of("../target/" + random.nextInt()));
      case 2 -> new Entry.SpecialFile(metadata(), FileKind.BLOCK_DEVICE, 259, 70_000);
      default -> file();
    };
  }

  private Entry.RegularFile file() {
    return new Entry.RegularFile(
        metadata(), random.nextLong(1L << 50), flag() ? digest() : null, random.nextLong());
  }

  private Metadata metadata() {
    List<Attribute> attributes = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      attributes.add(new Attribute(Bytes.of("user.a" + i), bytes(40)));
    }
    return new Metadata(
        random.nextInt(010000),
        random.nextInt(1 << 20),
        0x8000_0001,
        new Timestamp(random.nextLong(-99, 1L << 40), random.nextInt(1_000_000_000)),
        attributes);
  }

  private Digest digest() {
    byte[] digest = new byte[Digest.BYTES];
    random.nextBytes(digest);
    return Digest.of(digest);
  }

  private Name name() {
    byte[] name = new byte[1 + random.nextInt(Name.MAX_BYTES)];
    random.nextBytes(name);
    for (int i = 0; i < name.length; i++) {
      name[i] = name[i] == 0 || name[i] == '/' || name[i] == '.' ? (byte) 'x' : name[i];
    }
    return Name.of(name);
  }

  private List<Frame.PathProblem> problems() {
    return List.of(new Frame.PathProblem(bytes(50), "no space left"));
  }

  private Lineage lineage() {
    return new Lineage(List.of(new Position(1, random.nextInt(99)), new Position(3, 7)));
  }

  private Frame.Mode mode() {
    return flag() ? Frame.Mode.CHANGES : flag() ? Frame.Mode.FIRST_COPY : Frame.Mode.INVENTORY;
  }

  private Position position() {
    return new Position(random.nextInt(1000), random.nextLong(Position.MAX_SEQUENCE));
  }

  private EntryId id() {
    return EntryId.of(1 + random.nextInt(1000), random.nextLong(EntryId.MAX_COUNTER));
  }

  private boolean flag() {
    return random.nextBoolean();
  }

  private Bytes bytes(int most) {
    byte[] bytes = new byte[random.nextInt(most + 1)];
    random.nextBytes(bytes);
    return Bytes.wrap(bytes);
  }

  private Bytes some(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return Bytes.wrap(bytes);
  }

  /** Steps and the bytes of their literals. */
  private final class Content {
    private final List<byte[]> literals = new ArrayList<>();
    private int total;

    List<DeltaOp> ops(long from, boolean copies) {
      List<DeltaOp> ops = new ArrayList<>();
      long at = from;
      for (int i = random.nextInt(6); i > 0; i--) {
        int length = 1 + random.nextInt(3000);
        switch (random.nextInt(copies ? 3 : 2)) {
          case 0 -> {
            byte[] literal = new byte[length];
            // Half of it is random, so that it shrinks.
            random.nextBytes(literal);
            java.util.Arrays.fill(literal, length / 2, length, (byte) 'x');
            literals.add(literal);
            total += length;
            ops.add(new DeltaOp.Literal(at, length));
          }
          case 1 -> ops.add(new DeltaOp.Hole(at, length));
          default -> ops.add(new DeltaOp.Copy(at, random.nextLong(1L << 40), length));
        }
        at += length;
      }
      return ops;
    }

    ByteBuffer payload() {
      ByteBuffer payload = ByteBuffer.allocate(total);
      literals.forEach(payload::put);
      return payload.flip();
    }
  }
}
