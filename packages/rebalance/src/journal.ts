import type { Gfid, ParentLink } from "@brickshift/wire";
import type { RunCounts } from "./run-tally.js";

/** Version of what a journal holds; a journal of another one is refused. */
export const JOURNAL_VERSION = 2;

/** One of the two bricks of a run. */
export interface JournalBrick {
  readonly id: Gfid;
  readonly name: string;
}

/** What a run is about. */
export interface JournalHeader {
  readonly version: number;
  readonly source: JournalBrick;
  readonly destination: JournalBrick;
  readonly protection: "lease" | "none";
  /** When the journal was told of the run; 0 where it keeps no clock. */
  readonly startedWallMs: number;
}

/** What a run says of itself when it begins; the journal adds the time. */
export type RunHeader = Omit<JournalHeader, "startedWallMs">;

/** A file that may be half-way through its flip. */
export interface Intent {
  readonly gfid: Gfid;
  readonly path: string;
  readonly link: ParentLink;
  /** The epoch of the exclusive lease, in decimal: the fence of the destination's last steps. */
  readonly fence: string;
  /** `intent`: it may be prepared. `committed`: the source is a link file, the destination not known to be published. */
  readonly phase: "intent" | "committed";
}

/** What a journal tells without a run. */
export interface JournalStatus {
  readonly header: JournalHeader;
  /** `running`, also when its process ended early; `finished` when everything had an outcome. */
  readonly state: "running" | "finished";
  /** As of the last note. */
  readonly counts: RunCounts | undefined;
  readonly intents: readonly Intent[];
}

/**
 * The memory of a run across processes. It makes recovery quick; the bricks alone make it right: a file whose
 * intent was lost is met by the crawl.
 *
 * Every method may reject; a rejection ends the run. Notes are durable when the promise resolves.
 */
export interface Journal {
  /** What is there; `undefined` when it is new. Throws `REBALANCE_JOURNAL_DAMAGED`, `REBALANCE_JOURNAL_VERSION`. */
  status(): JournalStatus | undefined;
  /** Begins a run: forgets what was there. */
  begin(header: RunHeader): Promise<void>;
  /** Notes that a file's flip begins. At most one intent for each file that is moving. */
  intent(intent: Intent): Promise<void>;
  /** Notes that the source is a link file. */
  committed(gfid: Gfid): Promise<void>;
  /** Forgets a file: it is published, or nothing of it is left on the destination. */
  done(gfid: Gfid): Promise<void>;
  /** Notes how far the run is. */
  note(counts: RunCounts, state: JournalStatus["state"]): Promise<void>;
  close(): Promise<void>;
}
