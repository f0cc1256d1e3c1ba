import { seededRandom, type SeededRandom } from "@brickshift/testkit";
import { keepInput, readCorpus } from "./corpus.js";
import type { Coverage } from "./coverage.js";
import { mutateBytes } from "./mutate-bytes.js";
import { shrinkInput } from "./shrink-input.js";
import type { FuzzTarget } from "./target.js";

/** Inputs between two looks at what was reached, and the time, in ms, after which there is a look whatever their number. */
const BATCH_INPUTS = 512;
const BATCH_MS = 1_000;
/** Most inputs that a search goes on from. */
const POOL_MAX = 2_048;

/** How far a search of one target goes. */
export interface ExploreBounds {
  readonly seed: number;
  readonly inputsMax: number;
  /** Instant, in ms of `performance.now`, from which no new batch is begun. */
  readonly endsAtMs: number;
  /** Keeps inputs that fail in the corpus. */
  readonly keeps: boolean;
  /** Keeps those as well that reach new code. */
  readonly keepsReached?: boolean;
  /** What to go on from, in place of the corpus and the target's own inputs. */
  readonly pool?: readonly Uint8Array[];
}

/** What a search of one target came to. */
export interface Explored {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  /** Inputs that reached code which no earlier one had; of a search without coverage 0. */
  readonly reached: number;
  /** What it went on from in the end. */
  readonly pool: readonly Uint8Array[];
  readonly failures: readonly { readonly message: string; readonly hex: string; readonly kept: string }[];
}

/** Feeds a target with its corpus, then with spoilt inputs, those before others that have reached new code. */
export async function explore(
  target: FuzzTarget,
  bounds: ExploreBounds,
  coverage?: Coverage,
): Promise<Explored> {
  const random = seededRandom(bounds.seed);
  const pool = bounds.pool === undefined ? await firstInputs(target) : [...bounds.pool];
  const outcomes = { accepted: 0, refused: 0 };
  const failures: { message: string; hex: string; kept: string }[] = [];
  let reached = 0;

  const feed = async (bytes: Uint8Array) => {
    try {
      outcomes[await target.run(bytes)] += 1;
    } catch (error) {
      const shortest = await shrinkInput(target, bytes);
      const kept = bounds.keeps ? keepInput(target, shortest, "regression") : "";
      failures.push({
        message: String((error as Error).stack),
        hex: Buffer.from(shortest).toString("hex"),
        kept,
      });
    }
  };
  for (const bytes of pool) await feed(bytes);
  coverage?.take();
  let inputs = pool.length;
  while (inputs < bounds.inputsMax && failures.length === 0 && performance.now() < bounds.endsAtMs) {
    const count = Math.min(BATCH_INPUTS, bounds.inputsMax - inputs);
    // In a test the clock decides nothing: there it ends by the number of inputs alone.
    const lookAtMs = bounds.endsAtMs === Infinity ? Infinity : performance.now() + BATCH_MS;
    const batch: Uint8Array[] = [];
    while (batch.length < count && failures.length === 0 && performance.now() < lookAtMs) {
      const bytes = nextInput(target, pool, random);
      batch.push(bytes);
      await feed(bytes);
    }
    inputs += batch.length;
    await target.settle?.();
    if (coverage === undefined || coverage.take(false) === 0) continue;
    const novel = await findNovel(target, batch, coverage);
    reached += novel.length;
    pool.push(...novel.slice(0, POOL_MAX - pool.length));
    if (bounds.keepsReached === true) for (const bytes of novel) keepInput(target, bytes, "reached");
  }
  return { inputs, ...outcomes, reached, pool, failures };
}

async function firstInputs(target: FuzzTarget): Promise<Uint8Array[]> {
  return [...readCorpus(target).values(), ...(await target.seeds())];
}

/** Those of a batch that reach new code when they are run again: it is halved as long as a half does. */
async function findNovel(
  target: FuzzTarget,
  batch: readonly Uint8Array[],
  coverage: Coverage,
): Promise<readonly Uint8Array[]> {
  coverage.take(false);
  for (const bytes of batch) await target.run(bytes);
  if (coverage.take(batch.length === 1) === 0) return [];
  if (batch.length === 1) return batch;
  const half = batch.length >> 1;
  const first = await findNovel(target, batch.slice(0, half), coverage);
  return [...first, ...(await findNovel(target, batch.slice(half), coverage))];
}

function nextInput(target: FuzzTarget, pool: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  if (pool.length === 0 || random.chance(0.02)) return random.bytes(random.below(256));
  // Half of the time one of the newest: it is there because it went where no other had been.
  const from = random.chance(0.5) ? Math.max(0, pool.length - 64) : 0;
  const chosen = pool[from + random.below(pool.length - from)] as Uint8Array;
  if (target.mutate !== undefined && random.chance(0.6)) return target.mutate(chosen, random);
  return mutateBytes(chosen, random, pool, target.words ?? []);
}
