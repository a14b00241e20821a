package org.hotspare.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.hotspare.linux.NetfilterExpression.Constant;
import org.hotspare.linux.NetfilterExpression.Equals;
import org.hotspare.linux.NetfilterExpression.Field;
import org.hotspare.linux.NetfilterExpression.IsLocal;
import org.hotspare.linux.NetfilterExpression.Load;
import org.hotspare.linux.NetfilterExpression.Lookup;
import org.hotspare.linux.NetfilterExpression.Verdict;

/** Writes the steps of a rule as the kernel's virtual machine wants them. */
final class ExpressionWriter {
  private static final int REGISTER_VERDICT = 0;

  /** Of 16 bytes. */
  private static final int REGISTER = 1;

  private static final int COMPARE_EQUAL = 0;
  private static final int FIB_ADDRESS_TYPE = 3;
  private static final int ADDRESS_TYPE_LOCAL = 2;

  private ExpressionWriter() {}

  static void write(NetlinkWriter writer, NetfilterExpression expression) {
    switch (expression) {
      case Load load ->
          step(
              writer,
              "meta",
              () -> {
                writer.integer(1, REGISTER);
                writer.integer(2, load.property().number);
              });
      case Field field ->
          step(
              writer,
              "payload",
              () -> {
                writer.integer(1, REGISTER);
                writer.integer(2, field.header().number);
                writer.integer(3, field.offset());
                writer.integer(4, field.length());
              });
      case Constant constant ->
          step(
              writer,
              "immediate",
              () -> {
                writer.integer(1, REGISTER);
                writer.nested(2, () -> value(writer, constant.value().array()));
              });
      case Equals equals -> compare(writer, equals.value().array());
      case Lookup lookup ->
          step(
              writer,
              "lookup",
              () -> {
                writer.string(1, lookup.set());
                writer.integer(2, REGISTER);
              });
      case IsLocal local -> {
        step(
            writer,
            "fib",
            () -> {
              writer.integer(1, REGISTER);
              writer.integer(2, FIB_ADDRESS_TYPE);
              writer.integer(3, local.side().flag);
            });
        compare(writer, inMachineOrder(ADDRESS_TYPE_LOCAL));
      }
      case Verdict verdict ->
          step(
              writer,
              "immediate",
              () -> {
                writer.integer(1, REGISTER_VERDICT);
                writer.nested(2, () -> verdict(writer, verdict));
              });
    }
  }

  private static void compare(NetlinkWriter writer, byte[] value) {
    step(
        writer,
        "cmp",
        () -> {
          writer.integer(1, REGISTER);
          writer.integer(2, COMPARE_EQUAL);
          writer.nested(3, () -> value(writer, value));
        });
  }

  private static void verdict(NetlinkWriter writer, Verdict verdict) {
    writer.nested(
        NetfilterNumbers.DATA_VERDICT,
        () -> {
          writer.integer(NetfilterNumbers.VERDICT_CODE, verdict.code());
          if (!verdict.chain().isEmpty()) {
            writer.string(NetfilterNumbers.VERDICT_CHAIN, verdict.chain());
          }
        });
  }

  private static void value(NetlinkWriter writer, byte[] value) {
    writer.bytes(NetfilterNumbers.DATA_VALUE, value);
  }

  /** One element of a rule's list. Its attributes are numbered as each kind of step has them. */
  private static void step(NetlinkWriter writer, String name, Runnable attributes) {
    writer.nested(
        NetfilterNumbers.LIST_ELEMENT,
        () -> {
          writer.string(NetfilterNumbers.EXPRESSION_NAME, name);
          writer.nested(NetfilterNumbers.EXPRESSION_DATA, attributes);
        });
  }

  private static byte[] inMachineOrder(int value) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(value).array();
  }
}
