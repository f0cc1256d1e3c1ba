import type { Epoch } from "@brickshift/wire";
import type { CopyResult } from "./copy-report.js";
import type { AcquireRequest, Grant, Lease, Recall } from "./ports.js";

/** Names one read, write or zero that is under way; unique within a copy. */
export type OpId = number;

/** A read's answer without its bytes, which stay with the driver. */
export interface ReadShape {
  readonly type: "bytes" | "hole";
  readonly lengthBytes: number;
  readonly eof: boolean;
  readonly sizeBytes?: number;
}

/** What happens to a copy. */
export type CopyEvent =
  | { readonly type: "start" }
  | { readonly type: "granted"; readonly grant: Grant }
  | { readonly type: "acquire-failed"; readonly error: unknown }
  | { readonly type: "established" }
  | { readonly type: "establish-failed"; readonly error: unknown }
  | { readonly type: "read"; readonly op: OpId; readonly shape: ReadShape }
  | { readonly type: "read-failed"; readonly op: OpId; readonly error: unknown }
  | { readonly type: "written"; readonly op: OpId }
  | { readonly type: "write-failed"; readonly op: OpId; readonly error: unknown }
  | { readonly type: "unlocked" }
  | { readonly type: "unlock-failed"; readonly error: unknown }
  | { readonly type: "recalled"; readonly recall: Recall }
  | { readonly type: "lease-lost"; readonly leaseId: string; readonly reason: string }
  /** `chance` in [0, 1) answers the effect `draw-chance`. */
  | { readonly type: "chance"; readonly chance: number }
  | { readonly type: "cancel"; readonly reason: string }
  | { readonly type: "tick" };

/** What moves bytes. `write` writes what the read with the same `op` brought; `release` forgets it. */
export type TransferEffect =
  | {
      readonly type: "read";
      readonly op: OpId;
      readonly offset: number;
      readonly length: number;
      readonly lease: Lease;
    }
  | {
      readonly type: "write";
      readonly op: OpId;
      readonly offset: number;
      readonly length: number;
      readonly fence: Epoch;
    }
  | {
      readonly type: "zero";
      readonly op: OpId;
      readonly offset: number;
      readonly length: number;
      readonly fence: Epoch;
    }
  | { readonly type: "release"; readonly op: OpId };

/** What a copy wants done, in order. */
export type CopyEffect =
  | TransferEffect
  | { readonly type: "acquire"; readonly request: AcquireRequest }
  | { readonly type: "cancel-acquire" }
  | { readonly type: "establish"; readonly fence: Epoch }
  /** The answers of all reads under way are not wanted; each is still to be reported, as read or failed. */
  | { readonly type: "cancel-reads" }
  | { readonly type: "unlock"; readonly lease: Lease }
  | { readonly type: "draw-chance" }
  | { readonly type: "end"; readonly result: CopyResult };
