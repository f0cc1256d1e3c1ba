import type { Codec } from "./codec.js";
import { WireError } from "./errors.js";
import { decodeName, nameByteLength, nameToBytes } from "./names.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** An untyped dictionary, as handshakes and callbacks carry it: text values keep their trailing NUL. */
export type OldDict = ReadonlyMap<string, Uint8Array>;

/** Two lengths and the NUL of an empty key. */
const pairBytesMin = 9;

/**
 * The old serialised dictionary inside an opaque; `null` when the opaque is empty. Values are copied.
 * @throws {@link WireError} `WIRE_DICT`, `WIRE_TRUNCATED`, `WIRE_TRAILING_BYTES`.
 * Source: measured, vectors `hndsk-setvolume`, `hndsk-getspec`.
 */
export const oldDict: Codec<OldDict | null> = {
  read(reader) {
    const bytes = reader.opaque();
    return bytes.length === 0 ? null : decodeOldDict(bytes);
  },
  write(writer, value) {
    writer.opaque(value === null ? new Uint8Array(0) : encodeOldDict(value));
  },
  zero: null,
};

/** Reads the blob without its length. @throws {@link WireError} as {@link oldDict}. */
export function decodeOldDict(bytes: Uint8Array): OldDict {
  const reader = new XdrReader(bytes);
  const count = reader.u32();
  if (count * pairBytesMin > reader.remaining) {
    throw new WireError("WIRE_DICT", `${count} pairs in ${reader.remaining} bytes`);
  }
  const pairs = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index += 1) {
    const keyLength = reader.u32();
    const valueLength = reader.u32();
    const key = decodeName(reader.fixed(keyLength + 1));
    if (key.indexOf("\0") !== key.length - 1) throw new WireError("WIRE_DICT", "a key ends in its only NUL");
    const name = key.slice(0, -1);
    if (pairs.has(name)) throw new WireError("WIRE_DICT", `"${name}" occurs twice`);
    pairs.set(name, reader.fixed(valueLength).slice());
  }
  reader.end();
  return pairs;
}

/** Writes the blob without its length. @throws {@link WireError} `WIRE_VALUE` for a NUL in a key. */
export function encodeOldDict(value: OldDict): Uint8Array {
  const writer = new XdrWriter();
  writer.u32(value.size);
  for (const [key, bytes] of value) {
    if (key.includes("\0")) throw new WireError("WIRE_VALUE", "a key of a dictionary holds no NUL");
    writer.u32(nameByteLength(key));
    writer.u32(bytes.length);
    writer.fixed(nameToBytes(`${key}\0`));
    writer.fixed(bytes);
  }
  return writer.finish()[0] as Uint8Array;
}

/** Text with the NUL that old dictionaries count in. */
export function oldDictValue(text: string): Uint8Array {
  return nameToBytes(`${text}\0`);
}

/** A dictionary of texts, such as SETVOLUME sends. */
export function oldDictOf(texts: Readonly<Record<string, string>>): OldDict {
  return new Map(Object.entries(texts).map(([key, text]) => [key, oldDictValue(text)] as const));
}

/** The value as text without its trailing NUL; `undefined` when absent. */
export function oldDictText(dict: OldDict | null, key: string): string | undefined {
  const value = dict?.get(key);
  if (value === undefined) return undefined;
  return decodeName(value, 0, value.length - (value.at(-1) === 0 ? 1 : 0));
}
