package org.hotspare.takeover;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.hotspare.linux.Errno;
import org.hotspare.linux.LinuxException;
import org.hotspare.linux.Netfilter;
import org.hotspare.linux.Netfilter.Chain;
import org.hotspare.linux.Netfilter.ChainState;
import org.hotspare.linux.Netfilter.Table;
import org.hotspare.linux.Netfilter.TableState;
import org.hotspare.linux.NetfilterBatch;
import org.jspecify.annotations.Nullable;

/**
 * The tables of a gate in the kernel: makes them, and tells what somebody else did to them.
 *
 * <p>Owned by one thread.
 */
final class GateTables implements AutoCloseable {
  private final Netfilter netfilter;
  private final GateRules rules;

  /** What the tables are made with: {@link NetfilterBatch#OWNED}, or 0 where the kernel cannot. */
  private int flags;

  /** What the tables were called by the kernel after they were made. */
  private final Map<Table, Long> tableHandles = new HashMap<>();

  private final Map<Chain, Long> chainHandles = new HashMap<>();

  private GateTables(Netfilter netfilter, GateRules rules, int flags) {
    this.netfilter = netfilter;
    this.rules = rules;
    this.flags = flags;
  }

  /**
   * Nothing is made yet.
   *
   * @param flags to be tried first
   */
  static GateTables open(GateRules rules, int flags) throws IOException {
    try {
      return new GateTables(Netfilter.open(), rules, flags);
    } catch (LinuxException refused) {
      throw isLack(refused)
          ? new GateUnavailableException(
              "the gate needs netfilter in the kernel (modprobe nfnetlink nf_tables): "
                  + refused.getMessage(),
              refused)
          : refused;
    }
  }

  /** Whether nobody else can change them. */
  boolean areOwned() {
    return flags == NetfilterBatch.OWNED;
  }

  /** Whether there are tables of a gate, made by whomever, that is held. */
  boolean areHeld() throws LinuxException {
    for (Table table : rules.tables()) {
      Optional<ChainState> chain = netfilter.find(GateRules.held(table));
      if (chain.isEmpty() || chain.get().uses() != GateRules.USES_HELD) {
        return false;
      }
    }
    return true;
  }

  // ---- making

  /**
   * Makes them anew, whatever there was of them.
   *
   * @param held see {@link GateRules#build}
   * @throws GateUnavailableException if this process may not, or this kernel cannot
   * @throws GateLostException if somebody changed them meanwhile
   */
  void build(boolean held) throws IOException {
    LinuxException refused = tryToBuild(held);
    if (refused != null && flags != 0 && refused.is(Errno.EOPNOTSUPP, Errno.EINVAL)) {
      int wanted = flags;
      flags = 0;
      LinuxException again = tryToBuild(held);
      if (again != null) {
        flags = wanted;
        again.addSuppressed(refused);
      }
      refused = again;
    }
    if (refused != null) {
      throw explain(refused);
    }
    takeStock();
    Optional<String> loss = loss(false, held);
    if (loss.isPresent()) {
      throw new GateLostException(loss.get() + ", while the gate was made");
    }
  }

  /**
   * @return why it could not be done
   */
  private @Nullable LinuxException tryToBuild(boolean held) {
    try {
      NetfilterBatch batch = netfilter.batch();
      rules.build(batch, flags, held);
      netfilter.commit(batch);
      return null;
    } catch (LinuxException inPlace) {
      // Perhaps there are tables of another kind. While those are exchanged, what is seen of the
      // old and the new ones is up to the kernel; where they are changed in place, nothing is.
      try {
        replace(held);
        return null;
      } catch (LinuxException refused) {
        refused.addSuppressed(inPlace);
        return refused;
      }
    }
  }

  private void replace(boolean held) throws LinuxException {
    NetfilterBatch batch = netfilter.batch();
    deleteWhatIsThere(batch);
    rules.build(batch, flags, held);
    netfilter.commit(batch);
  }

  private boolean deleteWhatIsThere(NetfilterBatch batch) throws LinuxException {
    boolean any = false;
    for (Table table : rules.tables()) {
      if (netfilter.find(table).isPresent()) {
        batch.deleteTable(table);
        any = true;
      }
    }
    return any;
  }

  /** Errors that pass, such as a lack of memory, are no lack of this machine's. */
  private static boolean isLack(LinuxException refused) {
    return refused.is(
        Errno.EPERM,
        Errno.ENOENT,
        Errno.EINVAL,
        Errno.EPROTONOSUPPORT,
        Errno.EOPNOTSUPP,
        Errno.EAFNOSUPPORT);
  }

  private IOException explain(LinuxException refused) {
    if (refused.is(Errno.EPERM)) {
      return notPermitted(refused);
    }
    return isLack(refused)
        ? new GateUnavailableException(
            "the gate needs nftables in the kernel (nf_tables, with inet and arp; nft_fib_inet for"
                + " ports): "
                + refused.getMessage(),
            refused)
        : refused;
  }

  private GateUnavailableException notPermitted(LinuxException refused) {
    try {
      for (Table table : rules.tables()) {
        OptionalInt owner =
            netfilter.find(table).map(TableState::owner).orElse(OptionalInt.empty());
        if (owner.isPresent()) {
          return new GateUnavailableException(
              "the table \"%s\" belongs to another process, probably %d: is an agent of this cluster running already?"
                  .formatted(table, Integer.toUnsignedLong(owner.getAsInt())),
              refused);
        }
      }
    } catch (LinuxException alsoRefused) {
      refused.addSuppressed(alsoRefused);
    }
    return new GateUnavailableException(
        "the gate needs root, or the capability CAP_NET_ADMIN: " + refused.getMessage(), refused);
  }

  // ---- changing

  NetfilterBatch batch() {
    return netfilter.batch();
  }

  void commit(NetfilterBatch batch) throws LinuxException {
    netfilter.commit(batch);
  }

  /** Takes away what there is of them. */
  void remove() throws LinuxException {
    NetfilterBatch batch = netfilter.batch();
    if (deleteWhatIsThere(batch)) {
      netfilter.commit(batch);
    }
  }

  // ---- comparing

  private void takeStock() throws LinuxException {
    tableHandles.clear();
    chainHandles.clear();
    for (Table table : rules.tables()) {
      netfilter.find(table).ifPresent(state -> tableHandles.put(table, state.handle()));
    }
    for (Chain chain : rules.uses(false, false).keySet()) {
      netfilter.find(chain).ifPresent(state -> chainHandles.put(chain, state.handle()));
    }
  }

  /**
   * What somebody else did to them, if anything: took them or rules away, made others in their
   * place, added rules, or switched them off. A rule that was exchanged for another one is not
   * noticed, nor what was done to the rounds.
   *
   * @param selected whether a round is selected
   */
  Optional<String> loss(boolean selected, boolean held) throws LinuxException {
    for (Table table : rules.tables()) {
      Optional<String> loss = loss(table);
      if (loss.isPresent()) {
        return loss;
      }
    }
    for (Map.Entry<Chain, Integer> chain : rules.uses(selected, held).entrySet()) {
      Optional<String> loss = loss(chain.getKey(), chain.getValue());
      if (loss.isPresent()) {
        return loss;
      }
    }
    return Optional.empty();
  }

  private Optional<String> loss(Table table) throws LinuxException {
    TableState state = netfilter.find(table).orElse(null);
    if (state == null || !isSame(state.handle(), tableHandles.get(table))) {
      return Optional.of("somebody took the table \"" + table + "\" away");
    }
    return state.flags() == flags
        ? Optional.empty()
        : Optional.of(
            "somebody gave the table \"%s\" the flags %d".formatted(table, state.flags()));
  }

  private Optional<String> loss(Chain chain, int uses) throws LinuxException {
    ChainState state = netfilter.find(chain).orElse(null);
    if (state == null || !isSame(state.handle(), chainHandles.get(chain))) {
      return Optional.of("somebody took the chain \"" + chain + "\" away");
    }
    return state.uses() == uses
        ? Optional.empty()
        : Optional.of(
            "somebody changed the rules of the chain \"%s\": it is used %d times and not %d"
                .formatted(chain, state.uses(), uses));
  }

  private static boolean isSame(long handle, @Nullable Long before) {
    return before != null && handle == before;
  }

  @Override
  public void close() {
    netfilter.close();
  }
}
