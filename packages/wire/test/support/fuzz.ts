import type { SeededRandom } from "@brickshift/testkit";
import {
  decodeBody,
  decodeExtents,
  decodeLinks,
  decodeTargets,
  decodeMessage,
  decodeName,
  decodeOldDict,
  decodeRecordMark,
  dictBigint,
  dictBytes,
  dictGfid,
  dictNumber,
  dictText,
  type Dict,
  encodeBody,
  encodeExtents,
  encodeLinks,
  encodeTargets,
  encodeOldDict,
  errorCodes,
  getRecallDeadlineMs,
  getXdata,
  nameToBytes,
  type OldDict,
  WireError,
  XDATA,
  type XdataName,
} from "../../src/index.js";
import { dict } from "../../src/dict.js";
import { everyCodec } from "./codecs.js";
import { toHex, vectors } from "./vectors.js";

/** A decoder under fuzz: a value for good bytes, and the bytes of a value again. */
export interface FuzzTarget {
  readonly name: string;
  decode(bytes: Uint8Array): unknown;
  /** Missing where decoding drops something on purpose. */
  encode?(value: never): readonly Uint8Array[];
}

/** What became of an input. */
export type FuzzOutcome = "refused" | "decoded";

/** Every decoder that bytes of a peer can reach. */
export const fuzzTargets: readonly FuzzTarget[] = [
  ...everyCodec.map(([name, codec]) => ({
    name,
    decode: (bytes: Uint8Array) => decodeBody(codec, bytes),
    encode: (value: never) => encodeBody(codec, value),
  })),
  // A verifier is skipped, and the room for groups is checked only when writing.
  { name: "message", decode: decodeMessage },
  { name: "old dictionary", decode: decodeOldDict, encode: (value: OldDict) => [encodeOldDict(value)] },
  { name: "extents", decode: decodeExtents, encode: (value: never) => [encodeExtents(value)] },
  { name: "links", decode: decodeLinks, encode: (value: never) => [encodeLinks(value)] },
  { name: "targets", decode: decodeTargets, encode: (value: never) => [encodeTargets(value)] },
  { name: "name", decode: (bytes) => decodeName(bytes), encode: (value: string) => [nameToBytes(value)] },
  { name: "record mark", decode: (bytes) => decodeRecordMark(bytes) },
  { name: "dictionary and its readers", decode: readDict },
  { name: "recall deadline", decode: (bytes) => getRecallDeadlineMs(decodeOldDict(bytes)) },
];

const bodies = vectors.map(({ record }) => {
  try {
    return decodeMessage(record).body;
  } catch {
    return record;
  }
});
const interesting = [0, 1, 2, 3, 8, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const bodyOfCodec = new Map<string, Uint8Array[]>();

/** Random bytes, or a recorded message, whole or its body, with some damage. */
export function fuzzInput(random: SeededRandom): Uint8Array {
  if (random.chance(0.1)) return random.bytes(random.below(256));
  const source = random.chance(0.15) ? random.pick(vectors).record : random.pick(bodies);
  let bytes: Uint8Array = source.length > 4_096 ? source.slice(0, random.below(4_096)) : source.slice();
  const times = random.below(4);
  for (let index = 0; index < times; index += 1) bytes = mutated(bytes, random);
  return bytes;
}

/**
 * Feeds `bytes` to `target`.
 * @throws Error for anything but a value of bounded size, which is written as it was read, or a
 * {@link WireError} that blames the peer.
 */
export function feed(target: FuzzTarget, bytes: Uint8Array): FuzzOutcome {
  let value: unknown;
  try {
    value = target.decode(bytes);
  } catch (error) {
    checkRefusal(error);
    return "refused";
  }
  const weight = weigh(value);
  if (weight > 64 + bytes.length * 2) {
    throw new Error(`${bytes.length} bytes became a value of weight ${weight}`);
  }
  if (target.encode !== undefined) checkAgain(target as Required<FuzzTarget>, value, bytes);
  return "decoded";
}

/** Bodies that `target` should like, for inputs that get beyond the first check. */
export function likelyInput(target: FuzzTarget, random: SeededRandom): Uint8Array {
  let good = bodyOfCodec.get(target.name);
  if (good === undefined) {
    good = bodies.filter((body) => body.length <= 4_096 && outcome(target, body) === "decoded");
    bodyOfCodec.set(target.name, good);
  }
  return good.length === 0 ? fuzzInput(random) : mutated(random.pick(good).slice(), random);
}

function outcome(target: FuzzTarget, bytes: Uint8Array): FuzzOutcome {
  try {
    target.decode(bytes);
    return "decoded";
  } catch {
    return "refused";
  }
}

function checkRefusal(error: unknown): void {
  if (!(error instanceof WireError)) throw new Error("not a WireError", { cause: error });
  if (!(error.code in errorCodes) || error.fault !== "peer") {
    throw new Error(`${error.code} is not for what a peer sent`, { cause: error });
  }
}

/** Good bytes are the bytes that we would have written, but for NaNs and counts below −1, which mean the same. */
function checkAgain(target: Required<FuzzTarget>, value: unknown, bytes: Uint8Array): void {
  const written = toHex(...target.encode(value as never));
  if (written === toHex(bytes)) return;
  if (written.length !== bytes.length * 2) throw new Error(`${toHex(bytes)} was written as ${written}`);
  const again = toHex(...target.encode(target.decode(Uint8Array.from(Buffer.from(written, "hex"))) as never));
  const isExcused = holdsNaN(value) || holdsNull(value);
  if (again !== written || !isExcused) throw new Error(`${toHex(bytes)} was written as ${written}`);
}

function mutated(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  if (bytes.length === 0) return random.bytes(random.below(8));
  const at = random.below(bytes.length);
  switch (random.below(7)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2: {
      const word = Math.min(at & ~3, Math.max(0, bytes.length - 4));
      if (bytes.length >= 4) new DataView(bytes.buffer).setUint32(word, random.pick(interesting));
      return bytes;
    }
    case 3:
      return bytes.slice(0, at);
    case 4:
      return joined(bytes.subarray(0, at), random.bytes(random.below(9)), bytes.subarray(at));
    case 5:
      return joined(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random.below(16))));
    default: {
      const other = random.pick(bodies);
      const from = random.below(other.length + 1);
      return joined(bytes.subarray(0, at), other.subarray(from, from + 1_024));
    }
  }
}

function joined(...chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(chunks));
}

function readDict(bytes: Uint8Array): unknown {
  const value: Dict | null = decodeBody(dict, bytes);
  const found: unknown[] = [value];
  for (const key of value?.keys() ?? []) {
    found.push(dictText(value, key)?.length, dictBigint(value, key), dictGfid(value, key));
    found.push(dictBytes(value, key)?.length);
    refusable(() => dictNumber(value, key));
  }
  for (const name of Object.keys(XDATA) as (XdataName | "recallDeadlineMs")[]) {
    if (name !== "recallDeadlineMs") refusable(() => getXdata(value, name));
  }
  return value;
}

/** Goes on after a refusal, so that every reader sees the dictionary. */
function refusable(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    checkRefusal(error);
  }
}

/** Objects, characters and bytes of a value, roughly what it keeps in memory. */
function weigh(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return 1 + value.length;
  if (value instanceof Map) return weigh([...value].flat());
  if (Array.isArray(value)) return value.reduce((sum: number, element) => sum + weigh(element), 1);
  if (typeof value !== "object" || value === null) return 1;
  return weigh(Object.values(value));
}

function holdsNaN(value: unknown): boolean {
  return holds(value, (leaf) => Number.isNaN(leaf));
}

function holdsNull(value: unknown): boolean {
  return holds(value, (leaf) => leaf === null);
}

function holds(value: unknown, test: (leaf: unknown) => boolean): boolean {
  if (test(value)) return true;
  if (value instanceof Map) return [...value.values()].some((element) => holds(element, test));
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return false;
  return Object.values(value).some((element) => holds(element, test));
}
