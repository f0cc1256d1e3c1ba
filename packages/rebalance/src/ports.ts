import type { BrickClient } from "@brickshift/brick-client";

/** What a rebalance needs of a client of a brick; `BrickClient` fits. */
export type BrickPort = Pick<BrickClient, "brick" | "session" | "capabilities" | "fops" | "onRecall">;

/** Monotonic time and timers. */
export interface Scheduler {
  /** Monotonic milliseconds; the clock that the brick clients were given. */
  nowMs(): number;
  /** Runs `run` at `atMs`; returns its cancel. */
  at(atMs: number, run: () => void): () => void;
}

/** Chance, for lease-ids and the jitter of back-off. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** Time and chance. */
export interface World {
  readonly scheduler: Scheduler;
  readonly random: Random;
}
