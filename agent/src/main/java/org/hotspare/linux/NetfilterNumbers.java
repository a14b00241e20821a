package org.hotspare.linux;

/** The numbers of the kernel's {@code nfnetlink.h} and {@code nf_tables.h} that are used. */
final class NetfilterNumbers {
  // Messages.
  static final int BATCH_BEGIN = 0x10;
  static final int BATCH_END = 0x11;
  static final int NEW_TABLE = 0;
  static final int GET_TABLE = 1;
  static final int DELETE_TABLE = 2;
  static final int NEW_CHAIN = 3;
  static final int GET_CHAIN = 4;
  static final int NEW_RULE = 6;
  static final int DELETE_RULE = 8;
  static final int NEW_SET = 9;
  static final int NEW_ELEMENT = 12;
  static final int DELETE_ELEMENT = 14;

  /** Family, version, and for a batch the number of the part of netfilter that it is for. */
  static final int FIXED_BYTES = 4;

  private static final int NFTABLES = 10;

  // Attributes.
  static final int LIST_ELEMENT = 1;
  static final int TABLE_NAME = 1;
  static final int TABLE_FLAGS = 2;
  static final int TABLE_HANDLE = 4;
  static final int TABLE_OWNER = 7;
  static final int CHAIN_TABLE = 1;
  static final int CHAIN_HANDLE = 2;
  static final int CHAIN_NAME = 3;
  static final int CHAIN_HOOK = 4;
  static final int CHAIN_POLICY = 5;
  static final int CHAIN_USE = 6;
  static final int CHAIN_TYPE = 7;
  static final int HOOK_NUMBER = 1;
  static final int HOOK_PRIORITY = 2;
  static final int RULE_TABLE = 1;
  static final int RULE_CHAIN = 2;
  static final int RULE_EXPRESSIONS = 4;
  static final int EXPRESSION_NAME = 1;
  static final int EXPRESSION_DATA = 2;
  static final int DATA_VALUE = 1;
  static final int DATA_VERDICT = 2;
  static final int VERDICT_CODE = 1;
  static final int VERDICT_CHAIN = 2;
  static final int SET_TABLE = 1;
  static final int SET_NAME = 2;
  static final int SET_FLAGS = 3;
  static final int SET_KEY_TYPE = 4;
  static final int SET_KEY_LENGTH = 5;
  static final int SET_ID = 10;
  static final int ELEMENTS_TABLE = 1;
  static final int ELEMENTS_SET = 2;
  static final int ELEMENTS_LIST = 3;
  static final int ELEMENT_KEY = 1;
  static final int ELEMENT_TIMEOUT = 4;

  private NetfilterNumbers() {}

  /** The type of a message to nftables. */
  static int message(int number) {
    return NFTABLES << 8 | number;
  }

  /** What stands before the attributes of a message to nftables. */
  static byte[] fixed(Netfilter.Family family) {
    return new byte[] {(byte) family.number, 0, 0, 0};
  }

  /** What stands in the messages around a batch for nftables. */
  static byte[] fixedOfBatch() {
    return new byte[] {0, 0, 0, NFTABLES};
  }
}
