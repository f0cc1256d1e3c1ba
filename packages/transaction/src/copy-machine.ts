import { invariant, TransactionError } from "@brickshift/wire";
import { AdaptiveWindow } from "./adaptive-window.js";
import type { CopyEffect, CopyEvent } from "./copy-events.js";
import { CopyLedger, type CopyProgress, NOTHING_COPIED } from "./copy-progress.js";
import type { CopyEnd } from "./copy-report.js";
import { CopyTally } from "./copy-tally.js";
import { causeText, classify, finalError, sourceFailed } from "./failure.js";
import type { TransactionOptions } from "./options.js";
import type { Grant, LeaseMode } from "./ports.js";
import { ReplayLedger } from "./replay-ledger.js";
import { Transaction } from "./transaction.js";

/** One copy: of the whole file, or on from where an earlier one ended. */
export interface CopyPlan {
  /**
   * `shared`: transactions and passes until little is left. `exclusive`: until nothing is left; the lease
   * under which that is so is handed to the caller.
   */
  readonly mode: LeaseMode;
  /** Where an earlier copy of this file to this destination ended. */
  readonly from?: CopyProgress;
  /** Roughly the size of the file; a wrong one costs time, nothing else. */
  readonly sizeHintBytes?: number;
  /** Largest chunk of a file of which the holes matter: one is seen where a whole chunk is zero. That of the options when it is less. */
  readonly chunkBytesMax?: number;
}

interface Failure {
  readonly cause: unknown;
  /** The error that ends the copy; without one the transaction is repeated. */
  readonly final: TransactionError | undefined;
  /** The lease needs not be given back. */
  readonly isLeaseGone: boolean;
}

/** A pass that leaves more than this share of the one before gains nothing: the file is written as fast as it is copied. */
const PASS_SHRINKS_TO = 0.9;

type Phase =
  | { readonly phase: "idle" | "ended" }
  | { readonly phase: "acquiring"; readonly asks: boolean; readonly isRecalled: boolean }
  | { readonly phase: "copying"; readonly isStopped: boolean; readonly holdUntilMs: number | undefined }
  | { readonly phase: "unlocking" }
  /** No further pass is worth while: only the lease is to be given back. */
  | { readonly phase: "leaving"; readonly end: CopyEnd }
  /** A failed transaction: every read and write sent must be answered first. */
  | { readonly phase: "settling"; readonly failure: Failure }
  | { readonly phase: "returning"; readonly failure: Failure }
  | { readonly phase: "waiting"; readonly untilMs: number | undefined };

/**
 * Copies a file in transactions, `acquiring → copying → unlocking → acquiring …`, without I/O, clock or chance.
 *
 * The rules, and where they are:
 * - the offset advances on a successful unlock only: `#unlocked` is the one caller of `CopyLedger.committed`;
 * - the unlock is sent when everything read has been written and acknowledged: `#advance` on an idle transaction;
 * - after a failure nothing is asked for before every write sent is answered: `settling`. A write whose outcome
 *   is not known counts as answered, and takes the claim away that the destination is fenced. Under the next lease
 *   nothing is written before the destination has accepted that lease's epoch as its fence: what is still under
 *   way is refused then, and what had landed by then is written again, since the offset did not advance;
 * - at least one chunk per lease, even when it was recalled before it was used: `#advance`;
 * - what remains and since when it must be asked for: `CopyLedger`.
 */
export class CopyMachine {
  readonly #options: TransactionOptions;
  readonly #mode: LeaseMode;
  readonly #ledger: CopyLedger;
  readonly #window: AdaptiveWindow;
  readonly #replays: ReplayLedger;
  #tally: CopyTally;
  #phase: Phase = { phase: "idle" };
  #transaction: Transaction | undefined;
  #isEstablishing = false;
  #cancelled: TransactionError | undefined;
  #sizeHintBytes: number;
  #lastEpoch: bigint;
  #nextOp = 1;

  constructor(options: TransactionOptions, plan: CopyPlan) {
    this.#options = options;
    this.#mode = plan.mode;
    this.#ledger = new CopyLedger(plan.from ?? NOTHING_COPIED, options.extentsMax);
    this.#window = new AdaptiveWindow(options, plan.chunkBytesMax);
    this.#replays = new ReplayLedger(options.regionsMax);
    this.#tally = new CopyTally(0);
    this.#sizeHintBytes = plan.sizeHintBytes ?? 0;
    this.#lastEpoch = this.#ledger.base ?? -1n;
  }

  /** Monotonic instant, in ms, at which a `tick` is due; `undefined` when none is. */
  get deadlineMs(): number | undefined {
    if (this.#phase.phase === "waiting") return this.#phase.untilMs;
    return this.#phase.phase === "copying" ? this.#phase.holdUntilMs : undefined;
  }

  /** What is claimed to be on the destination, for the curious; the result has it too. */
  get progress(): CopyProgress {
    return this.#ledger.progress();
  }

  /**
   * Advances by one event at `nowMs`, the driver's monotonic milliseconds. `start` comes first and once.
   * Each `acquire`, `establish`, `read`, `write`, `zero` and `unlock` effect is answered by exactly one event.
   * @returns effects, to be carried out in order; after `end` there are no more.
   */
  step(event: CopyEvent, nowMs: number): readonly CopyEffect[] {
    switch (event.type) {
      case "start":
        invariant(this.#phase.phase === "idle", "a copy starts once");
        this.#tally = new CopyTally(nowMs);
        return this.#acquire();
      case "granted":
        return this.#granted(event.grant, nowMs);
      case "acquire-failed":
        return this.#failed(event.error, "acquire", nowMs);
      case "established":
        this.#isEstablishing = false;
        this.#ledger.isFenced = true;
        if (this.#phase.phase !== "copying") return this.#settle(nowMs);
        return [...this.#running().fenced(), ...this.#advance(nowMs)];
      case "establish-failed":
        this.#isEstablishing = false;
        return this.#failed(event.error, "establish", nowMs);
      case "read":
        return this.#read(event, nowMs);
      case "written": {
        const isGoingOn = this.#phase.phase === "copying";
        const effects = this.#running().written(event.op, isGoingOn);
        return isGoingOn ? [...effects, ...this.#advance(nowMs)] : this.#settle(nowMs);
      }
      case "read-failed":
        this.#running().failed(event.op);
        return this.#failed(event.error, "read", nowMs);
      case "write-failed":
        this.#running().failed(event.op);
        // It may land later: only a higher fence keeps it out.
        if (classify(event.error) !== "fenced") this.#ledger.isFenced = false;
        return this.#failed(event.error, "write", nowMs);
      case "unlocked":
        return this.#unlocked(nowMs);
      case "unlock-failed":
        return this.#unlockFailed(event.error, nowMs);
      case "recalled":
        return this.#recalled(event.recall.revokedInMs, nowMs);
      case "lease-lost": {
        const lease = this.#transaction?.lease;
        if (this.#phase.phase !== "copying" || lease?.leaseId !== event.leaseId) return [];
        const cause = new Error(`lease lost: ${event.reason}`);
        return this.#fail({ cause, final: undefined, isLeaseGone: true }, nowMs);
      }
      case "chance":
        return this.#wait(event.chance, nowMs);
      case "cancel":
        return this.#cancel(event.reason, nowMs);
      case "tick":
        return this.#tick(nowMs);
    }
  }

  #acquire(): CopyEffect[] {
    const { base, remaining } = this.#ledger;
    // Under an exclusive lease the copy must be whole. Under shared ones a pass takes what it began with.
    const asks = base !== undefined && (this.#mode === "exclusive" || remaining.length === 0);
    this.#phase = { phase: "acquiring", asks, isRecalled: false };
    const request = asks ? { mode: this.#mode, dirtySince: base } : { mode: this.#mode };
    return [{ type: "acquire", request }];
  }

  #granted(grant: Grant, nowMs: number): CopyEffect[] {
    invariant(this.#phase.phase === "acquiring", "a grant answers an acquire");
    const { asks, isRecalled } = this.#phase;
    this.#tally.leased();
    const beginsPass = asks || this.#ledger.base === undefined;
    const isNewer = grant.epoch > this.#lastEpoch;
    if (isNewer && beginsPass) this.#ledger.granted(grant);
    if (isNewer) this.#lastEpoch = grant.epoch;
    this.#begin(grant, isRecalled, nowMs);
    const giveUp = (final: TransactionError) =>
      this.#fail({ cause: final, final, isLeaseGone: false }, nowMs);
    if (this.#cancelled !== undefined) return giveUp(this.#cancelled);
    if (!isNewer) {
      return giveUp(sourceFailed(`granted epoch ${grant.epoch} after ${this.#lastEpoch}`));
    }
    const leftBytes = this.#ledger.remainingBytes;
    const end = asks && this.#mode === "shared" ? this.#endOfPasses(leftBytes) : undefined;
    if (end !== undefined) {
      this.#transaction = undefined;
      this.#phase = { phase: "leaving", end };
      return [{ type: "unlock", lease: grant }];
    }
    if (beginsPass && this.#tally.passes >= this.#options.passesMax) {
      const left = `${leftBytes} bytes are left after ${this.#tally.passes} passes`;
      return giveUp(new TransactionError("TRANSACTION_PASSES_EXCEEDED", left));
    }
    if (beginsPass) this.#tally.passBegan(leftBytes);
    this.#phase = { phase: "copying", isStopped: false, holdUntilMs: undefined };
    const effects: CopyEffect[] = [];
    if (!this.#ledger.isFenced) {
      this.#isEstablishing = true;
      effects.push({ type: "establish", fence: grant.epoch });
    }
    if (isRecalled) effects.push(...this.#recalled(undefined, nowMs));
    return [...effects, ...this.#advance(nowMs)];
  }

  /** Why the passes under shared leases end with `leftBytes` to be copied; `undefined` when another one is worth while. */
  #endOfPasses(leftBytes: number): CopyEnd | undefined {
    const { finalBytesMax, finalExtentsMax } = this.#options;
    const isLittle = leftBytes <= finalBytesMax && this.#ledger.remaining.length <= finalExtentsMax;
    if (isLittle) return "little-left";
    // The first pass is over the whole file: only from the second on does the amount tell how fast it is written.
    const lastBytes = this.#tally.passes < 2 ? undefined : this.#tally.lastPassBytes;
    return lastBytes !== undefined && leftBytes >= lastBytes * PASS_SHRINKS_TO ? "passes" : undefined;
  }

  #begin(lease: Grant, isRecalled: boolean, nowMs: number): void {
    const { remaining, touchedBytes, isFenced } = this.#ledger;
    const isUrgent = this.#mode === "exclusive" || isRecalled;
    const shape = isUrgent ? this.#window.urgentShape : this.#window.shape;
    const sizeHintBytes = this.#sizeHintBytes;
    const startedAtMs = nowMs;
    const start = { lease, remaining, touchedBytes, isFenced, shape, sizeHintBytes, startedAtMs };
    this.#transaction = new Transaction(start, this.#nextOp);
  }

  /** Issues what may be issued; ends the transaction when all that was issued is done. */
  #advance(nowMs: number): CopyEffect[] {
    invariant(this.#phase.phase === "copying", "only a copying machine advances");
    const transaction = this.#running();
    const isExclusive = this.#mode === "exclusive";
    // Also a recalled lease is good for the least window, or a busy file would never be copied.
    const { windowMin, chunkBytes } = this.#options;
    const effects: CopyEffect[] = transaction.issue(
      this.#phase.isStopped ? windowMin * chunkBytes : undefined,
    );
    if (!transaction.isIdle || this.#isEstablishing) return effects;
    if (isExclusive && transaction.isAtEnd) return [...effects, ...this.#handOver(transaction, nowMs)];
    this.#phase = { phase: "unlocking" };
    return [...effects, { type: "unlock", lease: transaction.lease }];
  }

  #read(event: Extract<CopyEvent, { type: "read" }>, nowMs: number): CopyEffect[] {
    const transaction = this.#running();
    if (this.#phase.phase !== "copying") {
      transaction.failed(event.op);
      return this.#settle(nowMs, [{ type: "release", op: event.op }]);
    }
    if (event.shape.lengthBytes === 0 && !event.shape.eof) {
      transaction.failed(event.op);
      const final = sourceFailed("a read brought nothing, and no end of file");
      return [
        { type: "release", op: event.op },
        ...this.#fail({ cause: final, final, isLeaseGone: false }, nowMs),
      ];
    }
    const effects: CopyEffect[] = transaction.read(event.op, event.shape);
    if (transaction.sizeBytes !== undefined) {
      this.#sizeHintBytes = transaction.sizeBytes;
      this.#tally.sizeLearned(transaction.sizeBytes);
    }
    return [...effects, ...this.#advance(nowMs)];
  }

  #recalled(revokedInMs: number | undefined, nowMs: number): CopyEffect[] {
    // The news may overtake the grant that it is about.
    if (this.#phase.phase === "acquiring") this.#phase = { ...this.#phase, isRecalled: true };
    const transaction = this.#transaction;
    if (this.#phase.phase !== "copying" || transaction === undefined || transaction.wasRecalled) return [];
    transaction.wasRecalled = true;
    this.#tally.recalled();
    this.#window.recalled();
    if (this.#mode === "shared") {
      this.#phase = { ...this.#phase, isStopped: true };
      return [];
    }
    // What is left is little: to finish is quicker for everybody than to begin again, but only for so long.
    const holdMs = Math.min(this.#options.exclusiveHoldMs, (revokedInMs ?? Number.MAX_SAFE_INTEGER) / 2);
    this.#phase = { ...this.#phase, holdUntilMs: nowMs + holdMs };
    return [];
  }

  #unlocked(nowMs: number): CopyEffect[] {
    if (this.#phase.phase === "leaving") return this.#done(this.#phase.end, undefined, nowMs);
    if (this.#phase.phase === "returning") return this.#afterFailure(this.#phase.failure, nowMs);
    invariant(this.#phase.phase === "unlocking", "an unlock is answered once");
    const transaction = this.#running();
    this.#ledger.committed(transaction.rest());
    this.#replays.advanced();
    if (!transaction.wasRecalled) this.#window.quiet();
    this.#close(transaction, true, nowMs);
    if (this.#cancelled !== undefined) return this.#ended(this.#cancelled, nowMs);
    const isPassOver = this.#ledger.remaining.length === 0;
    if (isPassOver && this.#mode === "shared" && this.#tally.passes >= this.#options.passesMax) {
      return this.#done("passes", undefined, nowMs);
    }
    return this.#acquire();
  }

  #unlockFailed(error: unknown, nowMs: number): CopyEffect[] {
    // Nothing was copied under this lease, and what its grant told is true all the same.
    if (this.#phase.phase === "leaving") return this.#done(this.#phase.end, undefined, nowMs);
    if (this.#phase.phase === "returning") return this.#afterFailure(this.#phase.failure, nowMs);
    return this.#fail({ cause: error, final: undefined, isLeaseGone: true }, nowMs);
  }

  /** A port rejected: what that means depends on who and why. */
  #failed(error: unknown, what: "acquire" | "establish" | "read" | "write", nowMs: number): CopyEffect[] {
    const kind = classify(error);
    const isLeaseGone = what === "acquire" || (what === "read" && kind === "revoked");
    return this.#fail({ cause: error, final: finalError(error, what), isLeaseGone }, nowMs);
  }

  #fail(failure: Failure, nowMs: number): CopyEffect[] {
    if (this.#phase.phase === "settling") {
      // The first failure names the cause; the worst decides.
      const { cause, final, isLeaseGone } = this.#phase.failure;
      const merged = {
        cause,
        final: final ?? failure.final,
        isLeaseGone: isLeaseGone || failure.isLeaseGone,
      };
      this.#phase = { phase: "settling", failure: merged };
      return this.#settle(nowMs);
    }
    this.#phase = { phase: "settling", failure };
    const transaction = this.#transaction;
    if (transaction === undefined) return this.#settle(nowMs);
    return this.#settle(nowMs, [{ type: "cancel-reads" }, ...transaction.abandon()]);
  }

  /** Goes on once nothing of the failed transaction is under way any more. */
  #settle(nowMs: number, before: CopyEffect[] = []): CopyEffect[] {
    invariant(this.#phase.phase === "settling", "only a failed transaction settles");
    const { failure } = this.#phase;
    const transaction = this.#transaction;
    if (this.#isEstablishing || transaction?.isIdle === false) {
      return before;
    }
    if (transaction === undefined || failure.isLeaseGone) {
      return [...before, ...this.#afterFailure(failure, nowMs)];
    }
    this.#phase = { phase: "returning", failure };
    return [...before, { type: "unlock", lease: transaction.lease }];
  }

  #afterFailure(failure: Failure, nowMs: number): CopyEffect[] {
    const transaction = this.#transaction;
    const offset = this.#ledger.remaining[0]?.offset ?? 0;
    const reached = Math.max(offset, transaction?.reachedOffset ?? offset);
    if (transaction !== undefined) this.#close(transaction, false, nowMs);
    const final = this.#cancelled ?? failure.final;
    if (final !== undefined) return this.#ended(final, nowMs);
    const cause = causeText(failure.cause);
    this.#replays.failed(offset, reached, cause);
    if (this.#replays.inRow > this.#options.replaysMax) {
      const region = `bytes ${offset} to ${reached} failed ${this.#replays.inRow} times in a row`;
      const message = `${region}, last: ${cause}`;
      const error = new TransactionError("TRANSACTION_REPLAYS_EXCEEDED", message, { cause: failure.cause });
      return this.#ended(error, nowMs);
    }
    this.#phase = { phase: "waiting", untilMs: undefined };
    return [{ type: "draw-chance" }];
  }

  #wait(chance: number, nowMs: number): CopyEffect[] {
    if (this.#phase.phase !== "waiting") return [];
    const { backoffMs, backoffMaxMs } = this.#options;
    // 2^30 is beyond every limit of the options: the exponent need not grow with replaysMax.
    const ceilingMs = Math.min(backoffMaxMs, backoffMs * 2 ** Math.min(30, this.#replays.inRow - 1));
    this.#phase = { phase: "waiting", untilMs: nowMs + chance * ceilingMs };
    return [];
  }

  #tick(nowMs: number): CopyEffect[] {
    const dueMs = this.deadlineMs;
    if (dueMs === undefined || nowMs < dueMs) return [];
    if (this.#phase.phase === "waiting") return this.#acquire();
    invariant(this.#phase.phase === "copying", "only waiting and holding have a deadline");
    this.#phase = { phase: "copying", isStopped: true, holdUntilMs: undefined };
    return this.#advance(nowMs);
  }

  #cancel(reason: string, nowMs: number): CopyEffect[] {
    if (this.#cancelled !== undefined || this.#phase.phase === "ended") return [];
    const error = new TransactionError("TRANSACTION_CANCELLED", reason);
    this.#cancelled = error;
    switch (this.#phase.phase) {
      case "idle":
      case "waiting":
        return this.#ended(error, nowMs);
      case "acquiring":
        return [{ type: "cancel-acquire" }];
      case "copying":
        return this.#fail({ cause: error, final: error, isLeaseGone: false }, nowMs);
      case "unlocking":
      case "leaving":
      case "settling":
      case "returning":
        return [];
    }
  }

  #handOver(transaction: Transaction, nowMs: number): CopyEffect[] {
    this.#ledger.committed([]);
    this.#close(transaction, true, nowMs);
    return this.#done("complete", transaction.lease, nowMs);
  }

  #done(end: CopyEnd, lease: Grant | undefined, nowMs: number): CopyEffect[] {
    if (this.#cancelled !== undefined) return this.#ended(this.#cancelled, nowMs);
    this.#phase = { phase: "ended" };
    const report = this.#tally.report(this.#replays, this.#window.bytes, nowMs);
    const done = { ok: true, end, progress: this.#ledger.progress(), report } as const;
    return [{ type: "end", result: lease === undefined ? done : { lease, ...done } }];
  }

  #ended(error: TransactionError, nowMs: number): CopyEffect[] {
    this.#phase = { phase: "ended" };
    const report = this.#tally.report(this.#replays, this.#window.bytes, nowMs);
    return [{ type: "end", result: { ok: false, error, progress: this.#ledger.progress(), report } }];
  }

  #close(transaction: Transaction, isCommitted: boolean, nowMs: number): void {
    this.#ledger.touchedBytes = transaction.touchedBytes;
    this.#nextOp = transaction.nextOp;
    this.#tally.ended(transaction, isCommitted, nowMs);
    this.#transaction = undefined;
  }

  #running(): Transaction {
    invariant(this.#transaction !== undefined, "an answer belongs to a transaction");
    return this.#transaction;
  }
}
