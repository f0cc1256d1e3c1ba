import { describe, expect, it } from "vitest";
import { BufferPool, RecordAssembler, type RecordAssemblerLimits, recordMark } from "../src/index.js";
import { chance, concat, fragment, fragmented, pattern } from "./streams.js";

const limits = { recordBytesMax: 1_024 * 1_024, fragmentsMax: 16 };

function assemblerOf(some: Partial<RecordAssemblerLimits> = {}) {
  const taken: number[] = [];
  const allocate = (bytes: number) => {
    taken.push(bytes);
    return new ArrayBuffer(bytes);
  };
  const pool = new BufferPool({ poolBytesMax: 8 * 1_024 * 1_024, allocate });
  return { assembler: new RecordAssembler({ ...limits, ...some }, pool), pool, taken };
}

/** The two ways in, as one: gives `bytes` to the assembler in pieces of at most `pieceBytes`. */
const ways = {
  push(assembler: RecordAssembler, bytes: Uint8Array) {
    assembler.push(Uint8Array.from(bytes));
  },
  steer(assembler: RecordAssembler, bytes: Uint8Array, pieceBytes = Number.POSITIVE_INFINITY) {
    for (let at = 0; at < bytes.length;) {
      const target = assembler.target();
      if (target.length === 0) throw new Error("a target without room");
      const count = Math.min(target.length, pieceBytes, bytes.length - at);
      target.set(bytes.subarray(at, at + count));
      assembler.filled(count);
      at += count;
    }
  },
} as const;

function take(assembler: RecordAssembler): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let record = assembler.next(); record !== undefined; record = assembler.next()) records.push(record);
  return records;
}

/** Whether both hold the same records; `toEqual` takes its time over large ones. */
function same(records: readonly (Uint8Array | undefined)[], expected: readonly Uint8Array[]): boolean {
  if (records.length !== expected.length) return false;
  return expected.every((record, index) => {
    const other = records[index];
    return other !== undefined && Buffer.compare(other, record) === 0;
  });
}

const small = [pattern(0, 1), pattern(1, 2), pattern(9, 3), pattern(120, 4), pattern(0, 5)];
const smallStream = concat([
  fragment(small[0] as Uint8Array, true),
  fragment(small[1] as Uint8Array, true),
  fragmented(small[2] as Uint8Array, [2, 0, 3]),
  fragment(small[3] as Uint8Array, true),
  fragmented(small[4] as Uint8Array, [0, 0]),
]);

describe.each(["push", "steer"] as const)("bytes that come by %s", (way) => {
  it("make the same records wherever the stream is cut, once or twice", () => {
    const wrong: string[] = [];
    for (let first = 0; first <= smallStream.length; first += 1) {
      for (let second = first; second <= smallStream.length; second += 3) {
        const { assembler } = assemblerOf();
        const records: Uint8Array[] = [];
        for (const [from, to] of [
          [0, first],
          [first, second],
          [second, smallStream.length],
        ] as const) {
          if (to > from) ways[way](assembler, smallStream.subarray(from, to));
          records.push(...take(assembler));
        }
        if (!same(records, small) || assembler.isMidRecord) wrong.push(`${first} and ${second}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("make the same records when they come one by one", () => {
    const { assembler } = assemblerOf();
    const records = [...smallStream].flatMap((byte) => {
      ways[way](assembler, Uint8Array.of(byte));
      return take(assembler);
    });
    expect(records).toEqual(small);
  });

  it.each([1, 2, 3, 4, 5, 6])("make the same records in any sizes, taken at any time, seed %i", (seed) => {
    const below = chance(seed);
    const sizes = Array.from({ length: 60 }, () => below([2, 300, 20_000, 200_000][below(4)] ?? 1));
    const sent = sizes.map((size, index) => pattern(size, index));
    const stream = concat(
      sent.map((record) =>
        fragmented(
          record,
          Array.from({ length: below(3) }, () => below(Math.floor(record.length / 3) + 1)),
        ),
      ),
    );
    const { assembler } = assemblerOf();
    const records: Uint8Array[] = [];
    for (let at = 0; at < stream.length;) {
      const count = Math.min(1 + below([8, 5_000, 70_000][below(3)] ?? 1), stream.length - at);
      ways[way](assembler, stream.subarray(at, at + count));
      at += count;
      // A busy handler takes only some, and the rest later.
      const most = below(4) === 0 ? below(3) : Number.POSITIVE_INFINITY;
      for (let taken = 0; taken < most; taken += 1) {
        const record = assembler.next();
        if (record === undefined) break;
        records.push(record);
      }
    }
    records.push(...take(assembler));
    expect(records.map((record) => record.length)).toEqual(sizes);
    // Compared at the end: none may have been written over since it was taken.
    expect(records.every((record, index) => Buffer.compare(record, sent[index] as Uint8Array) === 0)).toBe(
      true,
    );
  });

  it("are refused when one mark announces too much, before memory is taken", () => {
    const { assembler, taken } = assemblerOf({ recordBytesMax: 100_000 });
    ways[way](assembler, recordMark(100_001));
    expect(() => assembler.next()).toThrow("TRANSPORT_RECORD_TOO_LARGE");
    expect(taken).toEqual([]);
  });

  it("are refused when the fragments of a record announce too much together", () => {
    const { assembler, taken } = assemblerOf({ recordBytesMax: 100_000 });
    ways[way](assembler, concat([fragment(pattern(60_000, 1), false), recordMark(40_001)]));
    expect(() => take(assembler)).toThrow("TRANSPORT_RECORD_TOO_LARGE");
    expect(taken.length).toBe(1);
  });

  it("make a record of exactly the limit, in one fragment and in many", () => {
    const { assembler } = assemblerOf({ recordBytesMax: 50_000, fragmentsMax: 4 });
    const record = pattern(50_000, 1);
    ways[way](assembler, concat([fragment(record, true), fragmented(record, [1, 0, 30_000])]));
    expect(same(take(assembler), [record, record])).toBe(true);
  });

  it("are refused when a record has too many fragments, empty ones counted", () => {
    const { assembler } = assemblerOf({ fragmentsMax: 4 });
    const empty = fragment(new Uint8Array(0), false);
    ways[way](assembler, concat([empty, empty, empty, fragment(pattern(2, 1), true)]));
    expect(take(assembler)).toEqual([pattern(2, 1)]);
    ways[way](assembler, concat([empty, empty, empty, empty, empty]));
    expect(() => take(assembler)).toThrow("TRANSPORT_RECORD_INVALID");
  });

  it("tell whether an end would come within a record", () => {
    const { assembler } = assemblerOf();
    expect(assembler.isMidRecord).toBe(false);
    const stream = fragmented(pattern(3, 1), [0]);
    for (const [index, byte] of stream.entries()) {
      ways[way](assembler, Uint8Array.of(byte));
      const records = take(assembler);
      expect(assembler.isMidRecord, `after byte ${index}`).toBe(index < stream.length - 1);
      expect(records.length).toBe(index < stream.length - 1 ? 0 : 1);
    }
  });
});

it("reads the rest of a large record straight into the record", () => {
  const { assembler } = assemblerOf();
  const record = pattern(500_000, 1);
  ways.steer(assembler, concat([recordMark(record.length), record.subarray(0, 100)]));
  expect(assembler.next()).toBeUndefined();
  const target = assembler.target();
  expect(target.length).toBe(record.length - 100);
  target.set(record.subarray(100));
  assembler.filled(target.length);
  const whole = assembler.next();
  expect(same([whole], [record])).toBe(true);
  expect(whole?.buffer).toBe(target.buffer);
});

it("keeps a target right although records are taken before it is filled", () => {
  const { assembler } = assemblerOf();
  const [first, second] = [pattern(50, 1), pattern(100_000, 2)];
  const stream = concat([fragment(first, true), fragment(second, true)]);
  ways.steer(assembler, stream.subarray(0, 1_000));
  // The reader commits itself while nothing was looked at yet.
  const target = assembler.target();
  const record = assembler.next();
  expect(assembler.next()).toBeUndefined();
  target.set(stream.subarray(1_000, 1_000 + 2_000));
  assembler.filled(2_000);
  expect(assembler.next()).toBeUndefined();
  ways.steer(assembler, stream.subarray(3_000));
  expect(same([record, assembler.next()], [first, second])).toBe(true);
});

it("does not read past bytes of a large record that nobody looked at yet", () => {
  const { assembler } = assemblerOf();
  const record = pattern(200_000, 1);
  const stream = fragment(record, true);
  ways.push(assembler, stream.subarray(0, 1_000));
  expect(assembler.next()).toBeUndefined();
  ways.push(assembler, stream.subarray(1_000, 5_000));
  ways.steer(assembler, stream.subarray(5_000, 6_000));
  expect(assembler.next()).toBeUndefined();
  ways.steer(assembler, stream.subarray(6_000));
  expect(same(take(assembler), [record])).toBe(true);
});

it("uses its window again and again while it hands out no view of it", () => {
  const { assembler, pool } = assemblerOf();
  const buffers = new Set<ArrayBufferLike>();
  const stream = fragment(pattern(300_000, 1), true);
  for (let round = 0; round < 50; round += 1) {
    for (let at = 0; at < stream.length;) {
      const target = assembler.target();
      buffers.add(target.buffer);
      const count = Math.min(target.length, stream.length - at);
      target.set(stream.subarray(at, at + count));
      assembler.filled(count);
      at += count;
      for (const record of take(assembler)) pool.recycle(record);
    }
  }
  // One for the window, one for the record.
  expect(buffers.size).toBe(2);
});

it("takes back what a record of several fragments outgrew", () => {
  const { assembler, pool, taken } = assemblerOf();
  const record = pattern(300_000, 1);
  ways.push(assembler, fragmented(record, [20_000, 20_000, 20_000]));
  expect(same(take(assembler), [record])).toBe(true);
  expect(pool.idleBytes).toBe(taken.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0));
});

it("gives a plain array for the chunks of a Node buffer", () => {
  const { assembler } = assemblerOf();
  assembler.push(Buffer.from(fragment(pattern(5, 1), true)));
  expect(Object.getPrototypeOf(assembler.next())).toBe(Uint8Array.prototype);
});
