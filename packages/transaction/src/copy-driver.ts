import { CopyMachine, type CopyPlan } from "./copy-machine.js";
import type { CopyEffect, CopyEvent, OpId, ReadShape } from "./copy-events.js";
import type { CopyResult } from "./copy-report.js";
import { type TransactionOptions, transactionOptions, type TransactionOptionsInput } from "./options.js";
import type { Destination, Random, ReadResult, Scheduler, Source } from "./ports.js";

/** The two ends of a copy. */
export interface CopyEnds {
  readonly source: Source;
  readonly destination: Destination;
}

/** Copies files with one set of options. */
export interface Copier {
  readonly options: TransactionOptions;

  /**
   * Copies from `ends.source` to `ends.destination` as `plan` says. An aborted `signal` ends the copy in
   * good order: writes under way are waited for, the lease is given back.
   * @returns how it ended. Life's failures are results, since their report is wanted too; it rejects on a
   * broken invariant only.
   */
  copy(ends: CopyEnds, plan: CopyPlan, signal?: AbortSignal): Promise<CopyResult>;
}

/**
 * Makes a copier.
 * @throws ZodError when `options` do not fit {@link transactionOptions}.
 */
export function createCopier(
  options: TransactionOptionsInput,
  world: { readonly scheduler: Scheduler; readonly random: Random },
): Copier {
  const parsed = transactionOptions.parse(options);
  return {
    options: parsed,
    copy: (ends, plan, signal) =>
      new Promise((resolve, reject) => {
        new CopyDriver(parsed, world.scheduler, world.random, ends, plan, { resolve, reject }).run(signal);
      }),
  };
}

interface Settle {
  readonly resolve: (result: CopyResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Gives a {@link CopyMachine} its time, its chance and its hands. */
class CopyDriver {
  readonly #machine: CopyMachine;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #source: Source;
  readonly #destination: Destination;
  readonly #settle: Settle;
  readonly #queue: CopyEvent[] = [];
  readonly #answers = new Map<OpId, ReadResult>();
  readonly #acquiring = new AbortController();
  #reading = new AbortController();
  #endSubscriptions = () => {};
  #armedMs: number | undefined;
  #disarm = () => {};
  #isDispatching = false;

  constructor(
    options: TransactionOptions,
    scheduler: Scheduler,
    random: Random,
    ends: CopyEnds,
    plan: CopyPlan,
    settle: Settle,
  ) {
    this.#machine = new CopyMachine(options, plan);
    this.#scheduler = scheduler;
    this.#random = random;
    this.#source = ends.source;
    this.#destination = ends.destination;
    this.#settle = settle;
  }

  run(signal: AbortSignal | undefined): void {
    const cancel = () => this.#dispatch({ type: "cancel", reason: "the copy was cancelled" });
    const endRecalls = this.#source.onRecall((recall) => this.#dispatch({ type: "recalled", recall }));
    const endLosses = this.#source.onLeaseLost((leaseId, reason) =>
      this.#dispatch({ type: "lease-lost", leaseId, reason }),
    );
    signal?.addEventListener("abort", cancel, { once: true });
    this.#endSubscriptions = () => {
      endRecalls();
      endLosses();
      signal?.removeEventListener("abort", cancel);
    };
    if (signal?.aborted === true) cancel();
    else this.#dispatch({ type: "start" });
  }

  /** Takes events one at a time: what an effect brings at once waits until the others are carried out. */
  #dispatch(event: CopyEvent): void {
    this.#queue.push(event);
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        for (const effect of this.#machine.step(next, this.#scheduler.nowMs())) this.#apply(effect);
        this.#arm(next.type === "tick");
      }
    } catch (error) {
      this.#end();
      this.#settle.reject(error);
    } finally {
      this.#isDispatching = false;
    }
  }

  #arm(isTick: boolean): void {
    const { deadlineMs } = this.#machine;
    // A timer may fire early: a tick re-arms even for the same instant.
    if (deadlineMs === this.#armedMs && !isTick) return;
    this.#disarm();
    this.#armedMs = deadlineMs;
    if (deadlineMs === undefined) return;
    this.#disarm = this.#scheduler.at(deadlineMs, () => this.#dispatch({ type: "tick" }));
  }

  #apply(effect: CopyEffect): void {
    switch (effect.type) {
      case "acquire":
        return this.#on(
          this.#source.acquire(effect.request, this.#acquiring.signal),
          (grant) => ({ type: "granted", grant }),
          (error) => ({ type: "acquire-failed", error }),
        );
      case "cancel-acquire":
        return this.#acquiring.abort();
      case "establish":
        return this.#on(
          this.#destination.establish(effect.fence),
          () => ({ type: "established" }),
          (error) => ({ type: "establish-failed", error }),
        );
      case "read":
        return this.#read(effect);
      case "cancel-reads":
        this.#reading.abort();
        this.#reading = new AbortController();
        return;
      case "write":
        return this.#write(effect);
      case "zero":
        return this.#on(
          this.#destination.zero(effect.offset, effect.length, effect.fence),
          () => ({ type: "written", op: effect.op }),
          (error) => ({ type: "write-failed", op: effect.op, error }),
        );
      case "release":
        return this.#release(effect.op);
      case "unlock":
        return this.#on(
          this.#source.unlock(effect.lease),
          () => ({ type: "unlocked" }),
          (error) => ({ type: "unlock-failed", error }),
        );
      case "draw-chance":
        return this.#dispatch({ type: "chance", chance: this.#random.next() });
      case "end":
        this.#end();
        return this.#settle.resolve(effect.result);
    }
  }

  #read({ op, offset, length, lease }: Extract<CopyEffect, { type: "read" }>): void {
    this.#on(
      this.#source.read(offset, length, lease, this.#reading.signal),
      (result) => {
        this.#answers.set(op, result);
        return { type: "read", op, shape: shapeOf(result) };
      },
      (error) => ({ type: "read-failed", op, error }),
    );
  }

  #write({ op, offset, length, fence }: Extract<CopyEffect, { type: "write" }>): void {
    const answer = this.#answers.get(op);
    if (answer?.type !== "bytes") throw new Error("invariant broken: a write has the bytes of its read");
    const bytes = answer.bytes.length === length ? answer.bytes : answer.bytes.subarray(0, length);
    this.#on(
      this.#destination.write(offset, bytes, fence),
      () => {
        this.#release(op);
        return { type: "written", op };
      },
      (error) => {
        this.#release(op);
        return { type: "write-failed", op, error };
      },
    );
  }

  #release(op: OpId): void {
    this.#answers.get(op)?.release();
    this.#answers.delete(op);
  }

  #on<T>(promise: Promise<T>, done: (value: T) => CopyEvent, failed: (error: unknown) => CopyEvent): void {
    void this.#answered(promise, done, failed);
  }

  async #answered<T>(
    promise: Promise<T>,
    done: (value: T) => CopyEvent,
    failed: (error: unknown) => CopyEvent,
  ): Promise<void> {
    let event: CopyEvent;
    try {
      event = done(await promise);
    } catch (error) {
      event = failed(error);
    }
    this.#dispatch(event);
  }

  #end(): void {
    this.#endSubscriptions();
    this.#disarm();
    for (const answer of this.#answers.values()) answer.release();
    this.#answers.clear();
  }
}

function shapeOf(result: ReadResult): ReadShape {
  const lengthBytes = result.type === "bytes" ? result.bytes.length : result.lengthBytes;
  const { type, eof, sizeBytes } = result;
  return sizeBytes === undefined ? { type, lengthBytes, eof } : { type, lengthBytes, eof, sizeBytes };
}
