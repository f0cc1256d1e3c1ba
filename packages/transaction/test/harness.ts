import { type Epoch, LeaseError, type LeaseId, TransactionError } from "@brickshift/wire";
import {
  type CopyEffect,
  type CopyEvent,
  CopyMachine,
  type CopyPlan,
  type CopyResult,
  type Grant,
  transactionOptions,
  type TransactionOptionsInput,
} from "../src/index.js";

/** Steps a machine by hand: effects pile up, the test answers those that it likes. */
export class Hand {
  readonly machine: CopyMachine;
  effects: CopyEffect[] = [];
  nowMs = 0;
  #epoch = 0;

  constructor(options: TransactionOptionsInput = {}, plan: CopyPlan = { mode: "shared" }) {
    const few = { chunkBytes: 10, windowMax: 4, windowStart: 2, windowMin: 1, finalBytesMax: 0, ...options };
    this.machine = new CopyMachine(transactionOptions.parse(few), plan);
    this.step({ type: "start" });
  }

  step(event: CopyEvent): readonly CopyEffect[] {
    const effects = this.machine.step(event, this.nowMs);
    this.effects.push(...effects);
    return effects;
  }

  /** Takes the effects of one type out of the pile. */
  take<T extends CopyEffect["type"]>(type: T): Extract<CopyEffect, { type: T }>[] {
    const isOfType = (effect: CopyEffect): effect is Extract<CopyEffect, { type: T }> => effect.type === type;
    const taken = this.effects.filter(isOfType);
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return taken;
  }

  one<T extends CopyEffect["type"]>(type: T): Extract<CopyEffect, { type: T }> {
    const [first, ...others] = this.take(type);
    if (first === undefined || others.length > 0) {
      throw new Error(`one ${type} expected, there are ${others.length + (first ? 1 : 0)}`);
    }
    return first;
  }

  /** Grants what is asked for, and tells the destination's fence. */
  grant(dirty?: Grant["dirty"]): Grant {
    this.one("acquire");
    this.#epoch += 1;
    const grant = { leaseId: `lease-${this.#epoch}` as LeaseId, epoch: BigInt(this.#epoch) as Epoch, dirty };
    this.step({ type: "granted", grant });
    if (this.take("establish").length > 0) this.step({ type: "established" });
    return grant;
  }

  /** Answers every read in the pile from a file of `sizeBytes`, and reads that follow. */
  serveReads(sizeBytes: number): number[] {
    const offsets: number[] = [];
    for (let reads = this.take("read"); reads.length > 0; reads = this.take("read")) {
      for (const { op, offset, length } of reads) {
        offsets.push(offset);
        const lengthBytes = Math.max(0, Math.min(length, sizeBytes - offset));
        const eof = offset + lengthBytes >= sizeBytes;
        this.step({ type: "read", op, shape: { type: "bytes", lengthBytes, eof, sizeBytes } });
      }
    }
    return offsets;
  }

  /** Acknowledges every write and zero in the pile. */
  serveWrites(): void {
    for (const { op } of [...this.take("write"), ...this.take("zero")]) this.step({ type: "written", op });
  }

  /** Reads and writes until the machine asks for something else. */
  serveAll(sizeBytes: number): number[] {
    const offsets: number[] = [];
    while (this.effects.some(({ type }) => type === "read" || type === "write" || type === "zero")) {
      offsets.push(...this.serveReads(sizeBytes));
      this.serveWrites();
    }
    return offsets;
  }

  unlock(): void {
    this.one("unlock");
    this.step({ type: "unlocked" });
  }

  /** Lets the wait after a failure pass. */
  backOff(): void {
    this.one("draw-chance");
    this.step({ type: "chance", chance: 0.5 });
    this.nowMs = this.machine.deadlineMs ?? this.nowMs;
    this.step({ type: "tick" });
  }

  get result(): CopyResult | undefined {
    const end = this.effects.find((effect) => effect.type === "end");
    return end?.type === "end" ? end.result : undefined;
  }
}

export const revoked = () => new LeaseError("LEASE_REVOKED", "recall timeout");
export const noAnswer = () => new TransactionError("TRANSACTION_OUTCOME_UNKNOWN", "no answer");
