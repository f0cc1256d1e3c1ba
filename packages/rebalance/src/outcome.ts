import type { RebalanceErrorCode } from "./rebalance-error.js";

/** Why an object was left alone. */
export type SkipReason = "link-elsewhere" | "unknown-type";

/** What became of one file, symbolic link, fifo, socket or device. */
export type Outcome =
  /** It is on the destination now; `bytes` is its size. */
  | { readonly type: "moved"; readonly bytes: number }
  /** It was on the destination before. */
  | { readonly type: "already-moved" }
  /** It was removed while it was being moved, or before; the destination has nothing of it. */
  | { readonly type: "vanished" }
  | { readonly type: "skipped"; readonly reason: SkipReason }
  /** It is whole on the source, unless the message says otherwise; the message also says what can be done. */
  | { readonly type: "failed"; readonly code: RebalanceErrorCode; readonly message: string };
