import { WireError } from "./errors.js";
import { decodeName, nameToBytes } from "./names.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** For each xattr the name's length in 32 bits, the name, the value's length in 32 bits, the value; no padding. */
export function encodeXattrs(xattrs: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const writer = new XdrWriter();
  for (const [key, value] of xattrs) {
    const name = nameToBytes(key);
    writer.u32(name.length);
    writer.fixed(name);
    writer.u32(value.length);
    writer.fixed(value);
  }
  return writer.finish()[0] as Uint8Array;
}

/**
 * The values are views on `bytes`.
 * @throws {@link WireError} `WIRE_TRUNCATED`; `WIRE_DICT` for a name that a dictionary could not hold, and for one that comes twice.
 */
export function decodeXattrs(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const reader = new XdrReader(bytes);
  const xattrs = new Map<string, Uint8Array>();
  while (reader.remaining > 0) {
    const name = decodeName(reader.fixed(reader.u32()));
    if (name === "" || name.includes("\0")) throw new WireError("WIRE_DICT", "an xattr has no such name");
    if (xattrs.has(name)) throw new WireError("WIRE_DICT", `"${name}" occurs twice`);
    xattrs.set(name, reader.fixed(reader.u32()));
  }
  return xattrs;
}
