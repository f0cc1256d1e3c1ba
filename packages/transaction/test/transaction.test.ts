import type { Epoch, LeaseId } from "@brickshift/wire";
import { describe, expect, it } from "vitest";
import type { WindowShape } from "../src/adaptive-window.js";
import type { ReadShape, TransferEffect } from "../src/copy-events.js";
import { type Extent, WHOLE_FILE } from "../src/extents.js";
import { Transaction, type TransactionStart } from "../src/transaction.js";

interface Start extends Partial<Omit<TransactionStart, "shape">> {
  readonly shape?: Partial<WindowShape>;
}

/** A transaction that begins; its ops are numbered from 7. */
function begin(start: Start = {}) {
  const transaction = new Transaction(
    {
      lease: { leaseId: "a" as LeaseId, epoch: 5n as Epoch, dirty: undefined },
      remaining: WHOLE_FILE,
      touchedBytes: 0,
      isFenced: true,
      sizeHintBytes: 1_000,
      startedAtMs: 0,
      ...start,
      shape: { chunkBytes: 10, inFlightMax: 2, leaseChunksMax: 100, pieceBytesMin: 2, ...start.shape },
    },
    7,
  );
  const read = (op: number, shape: Partial<ReadShape>) =>
    transaction.read(op, { type: "bytes", lengthBytes: 10, eof: false, ...shape }).map(wordsOf);
  return {
    transaction,
    read,
    issue: (bytesMax?: number) => transaction.issue(bytesMax).map(wordsOf),
    written: (op: number, isGoingOn = true) => transaction.written(op, isGoingOn).map(wordsOf),
  };
}

function wordsOf(effect: TransferEffect): string {
  if (effect.type === "release") return `release ${effect.op}`;
  return `${effect.type} ${effect.op}: ${effect.offset}+${effect.length}`;
}

const pieces = (...offsets: readonly number[]): readonly Extent[] =>
  offsets.map((offset) => ({ offset, length: 2 }));

describe("what is handed out", () => {
  it("fills the window, and goes on as soon as there is room", () => {
    const { issue, read, written } = begin();
    expect(issue()).toEqual(["read 7: 0+10", "read 8: 10+10"]);
    expect(issue()).toEqual([]);
    expect(read(7, {})).toEqual(["write 7: 0+10"]);
    expect(issue()).toEqual([]);
    expect(written(7)).toEqual([]);
    expect(issue()).toEqual(["read 9: 20+10"]);
  });

  it("is bounded in bytes, and one chunk in any case", () => {
    expect(begin().issue(19)).toEqual(["read 7: 0+10"]);
    expect(begin().issue(20)).toEqual(["read 7: 0+10", "read 8: 10+10"]);
    const { issue, read, written } = begin();
    expect(issue(3)).toEqual(["read 7: 0+10"]);
    read(7, {});
    written(7);
    expect(issue(3)).toEqual([]);
  });

  it("is as many chunks of one lease as it may be", () => {
    const { issue, transaction } = begin({ shape: { inFlightMax: 9, leaseChunksMax: 3 } });
    expect(issue()).toHaveLength(3);
    expect(transaction.rest()[0]?.offset).toBe(30);
    expect(transaction.isAtEnd).toBe(false);
    expect(transaction.nextOp).toBe(10);
  });

  it("is more pieces than chunks when they are small, each counted as the least that one costs", () => {
    const remaining = pieces(0, 20, 40, 60, 80, 100);
    const { issue, transaction, read, written } = begin({ remaining, shape: { pieceBytesMin: 5 } });
    expect(issue()).toEqual(["read 7: 0+2", "read 8: 20+2", "read 9: 40+2", "read 10: 60+2"]);
    read(8, { lengthBytes: 2 });
    // A piece that is being written counts no more than one that is read.
    expect(issue()).toEqual([]);
    written(8);
    expect(issue()).toEqual(["read 11: 80+2"]);
    transaction.failed(7);
    expect(issue()).toEqual(["read 12: 100+2"]);
    expect(transaction.isAtEnd).toBe(true);
  });

  it("counts what is cheap by its bytes when these are more", () => {
    const remaining = pieces(0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220);
    expect(begin({ remaining, shape: { pieceBytesMin: 1 } }).issue()).toHaveLength(10);
    // No piece costs more than a chunk, however large the least is.
    expect(begin({ remaining, shape: { pieceBytesMin: 50 } }).issue()).toHaveLength(2);
  });

  it("is one read at a time beyond the hinted size, until one is answered", () => {
    const { issue, read } = begin({ sizeHintBytes: 10, shape: { inFlightMax: 4 } });
    expect(issue()).toEqual(["read 7: 0+10"]);
    read(7, {});
    expect(issue()).toHaveLength(3);
    expect(begin({ sizeHintBytes: 11, shape: { inFlightMax: 4 } }).issue()).toHaveLength(2);
    expect(begin({ sizeHintBytes: 0 }).issue()).toHaveLength(1);
  });

  it("is nothing when nothing remains", () => {
    const { issue, transaction } = begin({ remaining: [] });
    expect(issue()).toEqual([]);
    expect([transaction.isIdle, transaction.isAtEnd, transaction.startOffset]).toEqual([true, true, 0]);
  });
});

describe("an answer that is short", () => {
  it("is followed by a read of the rest when the file goes on", () => {
    const { issue, read, written, transaction } = begin();
    issue(10);
    expect(read(7, { lengthBytes: 4 })).toEqual(["write 7: 0+4"]);
    expect(written(7)).toEqual(["read 7: 4+6"]);
    expect(read(7, { lengthBytes: 6 })).toEqual(["write 7: 4+6"]);
    expect(written(7)).toEqual([]);
    expect(transaction).toMatchObject({ writtenBytes: 10, answered: 2, isIdle: true, touchedBytes: 10 });
  });

  it("is not gone on with when the transaction is over", () => {
    const { issue, read, written, transaction } = begin();
    issue(10);
    read(7, { lengthBytes: 4 });
    expect(written(7, false)).toEqual([]);
    expect(transaction.isIdle).toBe(true);
  });

  it("is the end when the file ends there: what the destination has beyond is zeroed", () => {
    const { issue, read, written, transaction } = begin({ touchedBytes: 18 });
    issue(10);
    expect(read(7, { lengthBytes: 4, eof: true })).toEqual(["write 7: 0+4"]);
    expect(transaction.sizeBytes).toBe(4);
    expect(written(7)).toEqual(["zero 7: 4+6"]);
    expect(written(7)).toEqual([]);
    // Nothing is read there any more, and nothing beyond what was ever written is touched.
    expect(issue()).toEqual(["zero 8: 10+8"]);
    written(8);
    expect(transaction).toMatchObject({ zeroedBytes: 14, writtenBytes: 4, isAtEnd: true, isIdle: true });
  });

  it("is the end also when the next chunk begins there", () => {
    const { issue, read, written } = begin({ touchedBytes: 18 });
    issue(10);
    read(7, { eof: true });
    written(7);
    expect(issue()).toEqual(["zero 8: 10+8"]);
  });

  it("brings nothing when the file ends before it", () => {
    const { issue, read, transaction } = begin();
    issue(10);
    expect(read(7, { lengthBytes: 0, eof: true })).toEqual(["release 7"]);
    expect(transaction).toMatchObject({ sizeBytes: 0, isIdle: true, isAtEnd: true, holeBytes: 0 });
  });
});

describe("the size of the file", () => {
  it("that an answer tells ends the copy there", () => {
    const { issue, read, transaction } = begin();
    issue();
    read(7, { sizeBytes: 25 });
    expect(transaction.rest()).toEqual([{ offset: 20, length: 5 }]);
    // A smaller one counts: the file may shrink, and does not grow under a lease.
    read(8, { sizeBytes: 30 });
    expect(transaction.sizeBytes).toBe(25);
  });

  it("does not end it before what the destination has", () => {
    const { issue, read, transaction } = begin({ touchedBytes: 40 });
    issue();
    read(7, { sizeBytes: 25 });
    expect(transaction.rest()).toEqual([{ offset: 20, length: 20 }]);
  });

  it("is what the end of the file tells", () => {
    const { issue, read, transaction } = begin();
    issue(10);
    read(7, { eof: true });
    expect([transaction.sizeBytes, transaction.isAtEnd]).toEqual([10, true]);
  });

  it("is where a hole ends that reaches to the end, however little of it was asked for", () => {
    const { issue, read, transaction } = begin();
    issue(10);
    expect(read(7, { type: "hole", lengthBytes: 35, eof: true, sizeBytes: 35 })).toEqual(["release 7"]);
    expect(transaction).toMatchObject({ sizeBytes: 35, holeBytes: 35, isAtEnd: true });
  });
});

describe("a hole", () => {
  it("covers what follows it, and is made where something was written before", () => {
    const { issue, read, written, transaction } = begin({ touchedBytes: 25 });
    issue(10);
    expect(read(7, { type: "hole", lengthBytes: 42, sizeBytes: 100 })).toEqual(["release 7", "zero 7: 0+25"]);
    expect(transaction.rest()).toEqual([{ offset: 42, length: 58 }]);
    written(7);
    expect(transaction).toMatchObject({ zeroedBytes: 25, holeBytes: 42, writtenBytes: 0, touchedBytes: 25 });
  });

  it("does not reach beyond the end of the file, nor over what is not to be copied", () => {
    const { issue, read, transaction } = begin({
      remaining: pieces(0, 20, 40, 60),
      shape: { inFlightMax: 1 },
    });
    expect(issue(1)).toEqual(["read 7: 0+2"]);
    read(7, { type: "hole", lengthBytes: 50, sizeBytes: 41 });
    expect(transaction.holeBytes).toBe(41);
    expect(transaction.isAtEnd).toBe(true);
    const { issue: ask, read: answer, transaction: other } = begin({ remaining: pieces(0, 20, 40, 60) });
    ask(1);
    answer(7, { type: "hole", lengthBytes: 41 });
    expect(other.rest()).toEqual([
      { offset: 41, length: 1 },
      { offset: 60, length: 2 },
    ]);
  });

  it("shorter than what was asked for is followed by a read of the rest", () => {
    const { issue, read } = begin();
    issue(10);
    expect(read(7, { type: "hole", lengthBytes: 3 })).toEqual(["release 7", "read 7: 3+7"]);
  });

  it("of a file that was never written costs the destination nothing", () => {
    const { issue, read, transaction } = begin({ touchedBytes: 5 });
    issue(20);
    read(7, {});
    expect(read(8, { type: "hole", lengthBytes: 10 })).toEqual(["release 8"]);
    expect(transaction.zeroedBytes).toBe(0);
  });
});

describe("before the destination knows the fence", () => {
  it("what was read is held, then goes in the order in which it came", () => {
    const { issue, read, transaction } = begin({ isFenced: false, touchedBytes: 20 });
    issue();
    expect(read(8, { type: "hole", lengthBytes: 10 })).toEqual(["release 8"]);
    expect(read(7, {})).toEqual([]);
    expect(transaction.touchedBytes).toBe(20);
    expect(transaction.fenced().map(wordsOf)).toEqual(["zero 8: 10+10", "write 7: 0+10"]);
    expect(transaction.fenced()).toEqual([]);
  });

  it("what is held is dropped with the transaction, what is under way is not", () => {
    const { issue, read, transaction } = begin({ isFenced: false });
    issue();
    read(7, {});
    expect(transaction.abandon().map(wordsOf)).toEqual(["release 7"]);
    expect(transaction.isIdle).toBe(false);
    transaction.failed(8);
    expect(transaction.isIdle).toBe(true);
  });
});

it("tells how far it got", () => {
  const { issue, transaction } = begin({ remaining: [{ offset: 30, length: 100 }] });
  expect([transaction.startOffset, transaction.reachedOffset]).toEqual([30, 30]);
  issue();
  expect(transaction.reachedOffset).toBe(50);
});
