import type { Gfid } from "@brickshift/wire";
import type { Outcome } from "./outcome.js";
import type { RunCounts } from "./run-tally.js";

/** What a run tells while it goes on. */
export type RunEvent =
  /** An object begins to move; its outcome follows unless the run ends before. */
  | { readonly type: "begins"; readonly path: string; readonly gfid: Gfid }
  /** One object has its outcome. Those of objects moved before are not told one by one, but counted. */
  | { readonly type: "file"; readonly path: string; readonly gfid: Gfid; readonly outcome: Outcome }
  /** How far it is, every `progressMs`. */
  | {
      readonly type: "progress";
      readonly counts: RunCounts;
      readonly seconds: number;
      /** Objects under way now. */
      readonly moving: number;
      /** Leases held on the source now. */
      readonly leasesHeld: number;
    };

/** What a run came to. */
export interface RebalanceReport {
  /** `cancelled`: its signal was aborted; `resume` goes on. */
  readonly state: "finished" | "cancelled";
  readonly source: string;
  readonly destination: string;
  /** `none`: the control, which loses writes that clients make meanwhile. */
  readonly protection: "lease" | "none";
  readonly counts: RunCounts;
  readonly seconds: number;
  /** The first `failuresMax` objects that failed or were skipped; `counts` has them all. */
  readonly failures: readonly { readonly path: string; readonly outcome: Outcome }[];
}
