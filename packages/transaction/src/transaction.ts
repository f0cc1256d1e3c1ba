import { invariant } from "@brickshift/wire";
import type { WindowShape } from "./adaptive-window.js";
import type { OpId, ReadShape, TransferEffect } from "./copy-events.js";
import { ExtentCursor } from "./extent-cursor.js";
import { endOf, type Extent } from "./extents.js";
import type { Grant } from "./ports.js";

/** What a transaction begins with. */
export interface TransactionStart {
  readonly lease: Grant;
  readonly remaining: readonly Extent[];
  readonly touchedBytes: number;
  /** Whether the destination knows the fence of this lease, or needs not. */
  readonly isFenced: boolean;
  readonly shape: WindowShape;
  /** Reads beyond go one at a time until an answer tells the size. */
  readonly sizeHintBytes: number;
  readonly startedAtMs: number;
}

type NextStep = { readonly type: "read" | "zero"; readonly extent: Extent };

interface Op {
  stage: "reading" | "held" | "writing";
  /** The destination's part of this step; meaningless while reading. */
  readonly extent: Extent;
  /** What is still to be done for this chunk after this step. */
  next: NextStep | undefined;
  isZero: boolean;
}

/**
 * One lease, one start offset, a run of (read source, write destination) with several in flight.
 * It keeps count; when to begin, to stop and what an end means is decided in `CopyMachine`.
 *
 * Source: M. gluster-devel, 10 February 2016, "Rebalance data migration and corruption", the algorithm.
 */
export class Transaction {
  readonly lease: Grant;
  readonly startedAtMs: number;
  /** Where it begins: the first byte that the last successful transaction left. */
  readonly startOffset: number;
  writtenBytes = 0;
  zeroedBytes = 0;
  holeBytes = 0;
  answered = 0;
  wasRecalled = false;
  touchedBytes: number;
  /** Size of the file, once an answer told it. */
  sizeBytes: number | undefined;

  readonly #shape: WindowShape;
  readonly #sizeHintBytes: number;
  readonly #cursor: ExtentCursor;
  readonly #ops = new Map<OpId, Op>();
  #isFenced: boolean;
  #nextOp: OpId;
  /** Cost of what is in flight, and of all that was handed out, in bytes. */
  #inFlightBytes = 0;
  #issuedBytes = 0;

  /** @param firstOp number of the first op; {@link nextOp} is where the next transaction goes on. */
  constructor(start: TransactionStart, firstOp: OpId) {
    this.lease = start.lease;
    this.startedAtMs = start.startedAtMs;
    this.startOffset = start.remaining[0]?.offset ?? 0;
    this.touchedBytes = start.touchedBytes;
    this.#shape = start.shape;
    this.#sizeHintBytes = start.sizeHintBytes;
    this.#cursor = new ExtentCursor(start.remaining);
    this.#isFenced = start.isFenced;
    this.#nextOp = firstOp;
  }

  get nextOp(): OpId {
    return this.#nextOp;
  }

  /** Nothing is read, written, or waits for the fence. */
  get isIdle(): boolean {
    return this.#ops.size === 0;
  }

  /** Everything has been handed out. */
  get isAtEnd(): boolean {
    return this.#cursor.isAtEnd;
  }

  /** How far it got, for messages. */
  get reachedOffset(): number {
    return Math.max(this.startOffset, this.#cursor.offset);
  }

  /** What was not handed out. */
  rest(): readonly Extent[] {
    return this.#cursor.rest();
  }

  /**
   * Hands out chunks until the window is full, or `bytesMax` were handed out under this lease. One is always handed out when
   * none was, whatever its size.
   */
  issue(bytesMax = this.#shape.leaseChunksMax * this.#shape.chunkBytes): TransferEffect[] {
    const { chunkBytes, inFlightMax } = this.#shape;
    const effects: TransferEffect[] = [];
    while (!this.#mustLearnSize()) {
      const costBytes = this.#cost(this.#cursor.nextBytes(chunkBytes));
      const isRoom = this.#ops.size === 0 || this.#inFlightBytes + costBytes <= inFlightMax * chunkBytes;
      const isDue = this.#issuedBytes === 0 || this.#issuedBytes + costBytes <= bytesMax;
      const extent = isRoom && isDue ? this.#cursor.take(chunkBytes) : undefined;
      if (extent === undefined) break;
      this.#issuedBytes += costBytes;
      const op = this.#nextOp++;
      if (this.sizeBytes !== undefined && extent.offset >= this.sizeBytes) {
        effects.push(...this.#zero(op, extent, undefined));
      } else {
        effects.push(this.#read(op, extent));
      }
    }
    return effects;
  }

  /** A read was answered. */
  read(op: OpId, shape: ReadShape): TransferEffect[] {
    const extent = this.#op(op, "reading").extent;
    this.answered += 1;
    const length = Math.min(shape.lengthBytes, extent.length);
    if (shape.sizeBytes !== undefined) this.#learnSize(shape.sizeBytes);
    if (shape.eof) this.#learnSize(extent.offset + shape.lengthBytes);
    const rest = { offset: extent.offset + length, length: extent.length - length };
    const next =
      rest.length === 0 ? undefined : ({ type: shape.eof ? "zero" : "read", extent: rest } as const);
    if (shape.type === "bytes" && length > 0) {
      return this.#toDestination(op, { offset: extent.offset, length }, next, false);
    }
    // A hole may reach further than the chunk: what it covers needs no reads, one zero does for all.
    const end = Math.min(extent.offset + shape.lengthBytes, this.sizeBytes ?? Number.MAX_SAFE_INTEGER);
    const reach = Math.max(length, end - extent.offset);
    this.holeBytes += reach;
    this.#skipTo(extent.offset + reach);
    return [{ type: "release", op }, ...this.#zero(op, { offset: extent.offset, length: reach }, next)];
  }

  /** A write or zero was acknowledged; what follows it for the same chunk is begun if `isGoingOn`. */
  written(op: OpId, isGoingOn: boolean): TransferEffect[] {
    const { extent, next, isZero } = this.#op(op, "writing");
    if (isZero) this.zeroedBytes += extent.length;
    else this.writtenBytes += extent.length;
    return this.#goOn(op, isGoingOn ? next : undefined);
  }

  /** A read, write or zero failed: it is over. */
  failed(op: OpId): void {
    invariant(this.#delete(op), "an op fails once");
  }

  /** The destination knows the fence: what waited for that goes. */
  fenced(): TransferEffect[] {
    this.#isFenced = true;
    const effects: TransferEffect[] = [];
    for (const [id, op] of this.#ops) {
      if (op.stage === "held") effects.push(this.#send(id, op));
    }
    return effects;
  }

  /** The transaction failed: what was not sent yet is dropped. */
  abandon(): TransferEffect[] {
    const effects: TransferEffect[] = [];
    for (const [id, op] of this.#ops) {
      if (op.stage !== "held") continue;
      effects.push({ type: "release", op: id });
      this.#delete(id);
    }
    return effects;
  }

  #mustLearnSize(): boolean {
    const isFirst = this.answered === 0 && this.#ops.size > 0;
    return isFirst && this.#cursor.offset >= this.#sizeHintBytes;
  }

  #learnSize(sizeBytes: number): void {
    this.sizeBytes = Math.min(this.sizeBytes ?? sizeBytes, sizeBytes);
    // Nothing is beyond the end of the file but what the destination got when the file was longer.
    this.#cursor.clip(Math.max(this.sizeBytes, this.touchedBytes));
  }

  #skipTo(offset: number): void {
    while (!this.#cursor.isAtEnd && this.#cursor.offset < offset) {
      this.#cursor.take(offset - this.#cursor.offset);
    }
  }

  #read(op: OpId, extent: Extent): TransferEffect {
    this.#set(op, { stage: "reading", extent, next: undefined, isZero: false });
    return { type: "read", op, offset: extent.offset, length: extent.length, lease: this.lease };
  }

  /** Zeroes the part of `extent` that was ever written; the rest reads as zeros already. */
  #zero(op: OpId, extent: Extent, next: NextStep | undefined): TransferEffect[] {
    const length = Math.min(endOf(extent), this.touchedBytes) - extent.offset;
    if (length <= 0) return this.#goOn(op, next);
    return this.#toDestination(op, { offset: extent.offset, length }, next, true);
  }

  #goOn(op: OpId, next: NextStep | undefined): TransferEffect[] {
    this.#delete(op);
    if (next === undefined) return [];
    return next.type === "read" ? [this.#read(op, next.extent)] : this.#zero(op, next.extent, undefined);
  }

  #toDestination(id: OpId, extent: Extent, next: NextStep | undefined, isZero: boolean): TransferEffect[] {
    const op: Op = { stage: "held", extent, next, isZero };
    this.#set(id, op);
    // Before the first fence there is no file to write to; later, an older write may still be under way, and
    // what keeps it out shall not depend on the order in which this transaction's own writes land.
    return this.#isFenced ? [this.#send(id, op)] : [];
  }

  #send(id: OpId, op: Op): TransferEffect {
    op.stage = "writing";
    const { offset, length } = op.extent;
    if (!op.isZero) this.touchedBytes = Math.max(this.touchedBytes, offset + length);
    return { type: op.isZero ? "zero" : "write", op: id, offset, length, fence: this.lease.epoch };
  }

  /** What a piece counts as: a hole of any length is made by one call, and a few bytes take two as well. */
  #cost(bytes: number): number {
    const { chunkBytes, pieceBytesMin } = this.#shape;
    return Math.min(chunkBytes, Math.max(bytes, pieceBytesMin));
  }

  #set(id: OpId, op: Op): void {
    this.#delete(id);
    this.#ops.set(id, op);
    this.#inFlightBytes += this.#cost(op.extent.length);
  }

  /** @returns whether there was one. */
  #delete(id: OpId): boolean {
    const op = this.#ops.get(id);
    if (op === undefined) return false;
    this.#inFlightBytes -= this.#cost(op.extent.length);
    return this.#ops.delete(id);
  }

  #op(id: OpId, stage: Op["stage"]): Op {
    const op = this.#ops.get(id);
    invariant(op !== undefined && op.stage === stage, `an answer belongs to an op that is ${stage}`);
    return op;
  }
}
