import type { SeededRandom } from "@brickshift/testkit";

/** What became of an input: a value, or a refusal with a code. Anything else is a finding, and is thrown. */
export type FuzzOutcome = "accepted" | "refused";

/** Something that reads bytes which others made: a peer, a disk, a user. */
export interface FuzzTarget {
  readonly name: string;
  /** What must hold for any bytes, a sentence for the report. */
  readonly holds: string;
  /** Folder of inputs that are kept, from the root of the repository; new ones that reach new code are added by hand-run searches. */
  readonly corpus: string;
  /** Inputs that are made anew each time, beside the corpus: recorded messages, what our own writers write. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Words that inputs are made of; a mutation may put one in. */
  readonly words?: readonly (string | Uint8Array)[];
  /** A way to spoil an input that knows its form; the general ways are used as well. */
  mutate?(bytes: Uint8Array, random: SeededRandom): Uint8Array;
  /** @throws Error when something does not hold. */
  run(bytes: Uint8Array): FuzzOutcome | Promise<FuzzOutcome>;
  /** Looked at when a while was run, and at the end: what the inputs together must not have done. */
  settle?(): Promise<void>;
}
