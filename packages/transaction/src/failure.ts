import { isProtocolError, TransactionError } from "@brickshift/wire";

/**
 * What the rejection of a port means for the transaction.
 * - `revoked`: the lease is gone; the transaction failed.
 * - `unknown`: no answer, so it may or may not have happened; the transaction failed.
 * - `refused`: not carried out, a later attempt may do better; the transaction failed.
 * - `fenced`: somebody with a higher fence took over; the copy ends.
 * - `fatal`: the copy ends.
 */
export type FailureKind = "revoked" | "unknown" | "refused" | "fenced" | "fatal";

/** Tells rejections apart by their code, whichever copy of `@brickshift/wire` made them. */
export function classify(error: unknown): FailureKind {
  if (!isProtocolError(error)) return "fatal";
  switch (error.code) {
    case "LEASE_REVOKED":
    case "LEASE_NOT_HELD":
      return "revoked";
    case "TRANSACTION_OUTCOME_UNKNOWN":
      return "unknown";
    case "LEASE_HELD":
    case "LEASE_LIMIT":
    case "LEASE_BACKLOG_FULL":
    case "LEASE_WOULD_BLOCK":
      return "refused";
    case "LEASE_FENCED":
    case "TRANSACTION_FENCED":
      return "fenced";
    default:
      return "fatal";
  }
}

/** One line about `error` for a report or a message. */
export function causeText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error that ends the copy after `cause`, or `undefined` when the transaction may be repeated. */
export function finalError(
  cause: unknown,
  what: "acquire" | "establish" | "read" | "write",
): TransactionError | undefined {
  const message = `${what}: ${causeText(cause)}`;
  switch (classify(cause)) {
    case "revoked":
    case "unknown":
    case "refused":
      return undefined;
    case "fenced":
      return new TransactionError("TRANSACTION_FENCED", message, { cause });
    case "fatal":
      if (what === "acquire" || what === "read") return sourceFailed(message, cause);
      return new TransactionError("TRANSACTION_DESTINATION_FAILED", message, { cause });
  }
}

/** The source failed, or did not keep to its contract. */
export function sourceFailed(message: string, cause?: unknown): TransactionError {
  return new TransactionError("TRANSACTION_SOURCE_FAILED", message, { cause });
}
