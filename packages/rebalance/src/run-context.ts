import type { Copier } from "@brickshift/transaction";
import type { Gfid } from "@brickshift/wire";
import type { BrickLeases } from "./brick-leases.js";
import type { Directories } from "./directories.js";
import type { Journal } from "./journal.js";
import type { LockPatience } from "./migration-lock.js";
import type { RebalanceOptions } from "./options.js";
import type { BrickPort, World } from "./ports.js";
import type { RunTally } from "./run-tally.js";
import type { Throttle } from "./throttle-driver.js";

/** What all parts of one run share. */
export interface RunContext {
  readonly options: RebalanceOptions;
  readonly world: World;
  readonly source: BrickPort;
  readonly sourceName: string;
  readonly sourceId: Gfid;
  readonly sourceLeases: BrickLeases;
  readonly destination: BrickPort;
  readonly destinationName: string;
  readonly destinationLeases: BrickLeases;
  readonly copier: Copier;
  readonly directories: Directories;
  readonly throttle: Throttle;
  readonly journal: Journal;
  /** Whether it goes on with a run of another process. */
  readonly isResumed: boolean;
  readonly tally: RunTally;
  /** Aborted when the run is to end: files that are not past their commit are given up. */
  readonly signal: AbortSignal;
}

/** How often a step is repeated that got no answer. */
export function patienceOf({ options, world }: Pick<RunContext, "options" | "world">) {
  const { stepTriesMax, stepPauseMs } = options;
  return { scheduler: world.scheduler, stepTriesMax, stepPauseMs };
}

/** How long the lock of a file is waited for that an earlier connection of the run, or somebody else, may hold. */
export function patienceWithLock({ options, world, signal }: RunContext): LockPatience {
  const { lockWaitMs, foreignLockWaitMs, stepPauseMs } = options;
  return { scheduler: world.scheduler, lockWaitMs, foreignLockWaitMs, stepPauseMs, signal };
}
