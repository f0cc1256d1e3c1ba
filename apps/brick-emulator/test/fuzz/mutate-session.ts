import type { SeededRandom } from "@brickshift/testkit";
import { encodeRecordMark } from "@brickshift/wire";

type Records = readonly Uint8Array[];

/** Words that lengths, counts, flags and numbers are replaced by. */
const words = [
  0, 1, 2, 0xff, 0x1_0000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
] as const;
/** Ones, each of which says that a list goes on. */
const LIST_WORDS_MAX = 16_384;

/** Ways to spoil what a client sends, before it is cut into fragments. */
const mutations = {
  bits: (records: Records, random: SeededRandom) =>
    atOne(records, random, (record) => {
      const bytes = record.slice();
      for (let count = 1 + random.below(8); count > 0 && bytes.length > 0; count -= 1) {
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      }
      return [bytes];
    }),
  words: (records: Records, random: SeededRandom) =>
    atOne(records, random, (record) => {
      const bytes = record.slice();
      const view = new DataView(bytes.buffer);
      for (let count = 1 + random.below(3); count > 0 && bytes.length >= 4; count -= 1) {
        view.setUint32(4 * random.below(Math.floor(bytes.length / 4)), random.pick(words));
      }
      return [bytes];
    }),
  splice: (records: Records, random: SeededRandom) =>
    atOne(records, random, (record) => {
      const other = random.pick(records);
      const head = record.subarray(0, random.below(record.length + 1));
      return [join([head, other.subarray(random.below(other.length + 1))])];
    }),
  list: (records: Records, random: SeededRandom) =>
    atOne(records, random, (record) => {
      const at = 4 * random.below(Math.floor(record.length / 4) + 1);
      const ones = new Uint8Array(4 * random.below(LIST_WORDS_MAX));
      for (let index = 3; index < ones.length; index += 4) ones[index] = 1;
      return [join([record.subarray(0, at), ones, record.subarray(at)])];
    }),
  repeat: (records: Records, random: SeededRandom) =>
    atOne(records, random, (record) => Array.from({ length: 2 + random.below(60) }, () => record)),
  drop: (records: Records, random: SeededRandom) => atOne(records, random, () => []),
  cut: (records: Records, random: SeededRandom) =>
    atOne(records, random, (record) => [record.subarray(0, random.below(record.length + 1))]),
  /** The first two records are DUMP and SETVOLUME: fops come before or without a session. */
  stranger: (records: Records) => records.slice(2),
  reorder(records: Records, random: SeededRandom): Records {
    const moved = [...records];
    const [record] = moved.splice(random.below(moved.length), 1);
    if (record !== undefined) moved.splice(random.below(moved.length + 1), 0, record);
    return moved;
  },
} as const;

/** Names of the ways. */
export const mutationNames = Object.keys(mutations) as readonly (keyof typeof mutations)[];

/** A session that was spoilt, as bytes to send, and how. */
export interface SpoiltSession {
  readonly bytes: Uint8Array;
  readonly how: readonly string[];
}

/** Spoils a recorded session in some ways. */
export function mutateSession(records: Records, random: SeededRandom): SpoiltSession {
  let spoilt = records;
  const how: string[] = [];
  for (let count = random.below(6); count > 0 && spoilt.length > 0; count -= 1) {
    const name = random.pick(mutationNames);
    // Without a session little of the rest is looked at, so that is not done often.
    if (name === "stranger" && !random.chance(0.2)) continue;
    spoilt = mutations[name](spoilt, random);
    how.push(name);
  }
  const marked = spoilt.map((record) => withMarks(record, random, how));
  const bytes = join(marked);
  if (!random.chance(0.2)) return { bytes, how };
  return { bytes: bytes.subarray(0, random.below(bytes.length + 1)), how: [...how, "half a record"] };
}

/** Marks of one fragment, mostly; else of many, of empty ones, or of a length that is wrong. */
function withMarks(record: Uint8Array, random: SeededRandom, how: string[]): Uint8Array {
  if (!random.chance(0.03)) return join([encodeRecordMark(record.length), record]);
  if (random.chance(0.2)) {
    how.push("wrong mark");
    return join([encodeRecordMark(random.pick(words) & 0x7fff_ffff, random.chance(0.5)), record]);
  }
  how.push("fragments");
  const parts: Uint8Array[] = [];
  for (let at = 0; at < record.length;) {
    const length = Math.min(record.length - at, random.below(40));
    parts.push(encodeRecordMark(length, false), record.subarray(at, at + length));
    at += length;
  }
  return join([...parts, encodeRecordMark(0, true)]);
}

function atOne(
  records: Records,
  random: SeededRandom,
  change: (record: Uint8Array) => readonly Uint8Array[],
): Records {
  const at = random.below(records.length);
  const record = records[at];
  if (record === undefined) return records;
  return [...records.slice(0, at), ...change(record), ...records.slice(at + 1)];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
