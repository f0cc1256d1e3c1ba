import { Errno, isProtocolError } from "@brickshift/wire";
import { fopErrorOf, isGone, isRevoked, isUnanswered } from "./fop-failure.js";
import type { Outcome } from "./outcome.js";
import { isRebalanceError, type RebalanceErrorCode } from "./rebalance-error.js";
import { SourceGone } from "./source-errors.js";

/** The outcome that `error` means for the object at `path`. */
export function failedOutcome(path: string, error: unknown): Outcome {
  for (let at = error, hops = 0; at instanceof Error && hops < 16; at = at.cause, hops += 1) {
    if (isRebalanceError(at)) return { type: "failed", code: at.code, message: `${path}: ${textOf(at)}` };
    if (at instanceof SourceGone) return { type: "vanished" };
  }
  const [code, next] = judge(error);
  return { type: "failed", code, message: `${path}: ${textOf(error)}; ${next}` };
}

/** Whether `error` of a copy says that the source was removed. */
export function isSourceGone(error: unknown): boolean {
  return isProtocolError(error) && error.code === "TRANSACTION_SOURCE_FAILED" && isGone(error);
}

function judge(error: unknown): readonly [RebalanceErrorCode, string] {
  const errno = fopErrorOf(error)?.errno;
  if (errno === Errno.ENOSPC || errno === Errno.EDQUOT) {
    return ["REBALANCE_DESTINATION_FULL", "make room on the destination and run again"];
  }
  const code = isProtocolError(error) ? error.code : "";
  switch (code) {
    case "TRANSACTION_REPLAYS_EXCEEDED":
    case "TRANSACTION_PASSES_EXCEEDED":
      return ["REBALANCE_BUSY", "run again when it is written less, or raise replaysMax and passesMax"];
    case "TRANSACTION_FENCED":
    case "LEASE_FENCED":
    case "FOP_FENCED":
      return ["REBALANCE_OTHER_RUNNER", "another runner took it over; let that one finish"];
    case "TRANSACTION_CANCELLED":
      return ["REBALANCE_CANCELLED", "go on with resume"];
    case "TRANSACTION_SOURCE_FAILED":
      return ["REBALANCE_SOURCE_FAILED", "look at the source brick's log and run again"];
    default:
      break;
  }
  if (isRevoked(error)) {
    const next = "its lease was revoked; run again when it is used less, or raise the bricks' recall timeout";
    return ["REBALANCE_BUSY", next];
  }
  if (isUnanswered(error) || isUnanswered(causeOf(error))) {
    return ["REBALANCE_UNREACHABLE", "see that both bricks are up, and go on with resume"];
  }
  return ["REBALANCE_DESTINATION_FAILED", "look at the destination brick's log and run again"];
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** The message without its code, which stands beside it. */
function textOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[A-Z]+_[A-Z_]+: /, "");
}
