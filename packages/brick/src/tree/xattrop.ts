import type { XattropOperation } from "./tree.js";
import { TreeError } from "./tree-error.js";

/**
 * The value that XATTROP stores: `stored` (zeros when absent or shorter) combined with `operand`.
 * Source: fops.md of the protocol, big-endian arrays; sums wrap around as C integers do.
 * @throws TreeError `TREE_INVALID` when a stored value is longer, or an array does not divide into its items.
 */
export function combineXattr(
  operation: XattropOperation,
  stored: Uint8Array | undefined,
  operand: Uint8Array,
): Uint8Array {
  if (operation !== "get-and-set" && stored !== undefined && stored.length > operand.length) {
    throw new TreeError(
      "TREE_INVALID",
      `a stored value of ${stored.length} bytes, operands of ${operand.length}`,
    );
  }
  const value = new Uint8Array(operand.length);
  if (stored !== undefined) value.set(stored.subarray(0, operand.length));
  return combinations[operation](value, operand);
}

const combinations: Readonly<
  Record<XattropOperation, (value: Uint8Array, operand: Uint8Array) => Uint8Array>
> = {
  "add-32": add32,
  "add-64": add64,
  or: (value, operand) => value.map((byte, index) => byte | (operand[index] as number)),
  and: (value, operand) => value.map((byte, index) => byte & (operand[index] as number)),
  "get-and-set": (_value, operand) => new Uint8Array(operand),
  "add-32-with-default": add32,
  "add-64-with-default": add64,
};

function add32(value: Uint8Array, operand: Uint8Array): Uint8Array {
  const [sums, deltas] = views(value, operand, 4);
  for (let at = 0; at < value.length; at += 4)
    sums.setInt32(at, (sums.getInt32(at) + deltas.getInt32(at)) | 0);
  return value;
}

function add64(value: Uint8Array, operand: Uint8Array): Uint8Array {
  const [sums, deltas] = views(value, operand, 8);
  for (let at = 0; at < value.length; at += 8) {
    sums.setBigInt64(at, BigInt.asIntN(64, sums.getBigInt64(at) + deltas.getBigInt64(at)));
  }
  return value;
}

function views(value: Uint8Array, operand: Uint8Array, itemBytes: number): [DataView, DataView] {
  if (operand.length === 0 || operand.length % itemBytes !== 0) {
    throw new TreeError("TREE_INVALID", `${operand.length} bytes are no array of ${itemBytes}-byte integers`);
  }
  return [viewOf(value), viewOf(operand)];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
