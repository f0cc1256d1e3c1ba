import { type FopError, isFopError } from "@brickshift/brick-client";
import { Errno, isProtocolError, LeaseError, TransactionError } from "@brickshift/wire";

/** The failed fop behind `error`, through any number of causes. */
export function fopErrorOf(error: unknown): FopError | undefined {
  for (let at = error, hops = 0; at instanceof Error && hops < 16; at = at.cause, hops += 1) {
    if (isFopError(at)) return at;
  }
  return undefined;
}

/** Whether there is no answer, so that the fop may or may not have been carried out, or was not sent. */
export function isUnanswered(error: unknown): boolean {
  if (!isProtocolError(error)) return false;
  return error.code.startsWith("RPC_") || error.code === "CLIENT_REPLY_INVALID";
}

/** Whether the brick carried the fop out and says of it what cannot be read. */
export function isUnreadable(error: unknown): boolean {
  return isProtocolError(error) && error.code.startsWith("WIRE_");
}

/** Whether the object is not there: never was, or was removed. */
export function isGone(error: unknown): boolean {
  const fop = fopErrorOf(error);
  return fop?.code === "FOP_FAILED" && (fop.errno === Errno.ENOENT || fop.errno === Errno.ESTALE);
}

/** Whether the brick answered with `errno`. */
export function isErrno(error: unknown, errno: number): boolean {
  return fopErrorOf(error)?.errno === errno;
}

/** Whether a lease that was needed is not held any more, by the brick's word or by our own knowledge. */
export function isRevoked(error: unknown): boolean {
  return isErrno(error, Errno.EKEYREVOKED) || (isProtocolError(error) && error.code === "LEASE_REVOKED");
}

/** What the ports of a copy reject with, for what a fop was rejected with. */
export function toPortError(error: unknown): unknown {
  const cause = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (isUnanswered(error)) return new TransactionError("TRANSACTION_OUTCOME_UNKNOWN", message, cause);
  if (!isFopError(error)) return error;
  switch (error.code) {
    case "FOP_LEASE_REVOKED":
      return new LeaseError("LEASE_REVOKED", message, cause);
    case "FOP_FENCED":
      return new LeaseError("LEASE_FENCED", message, cause);
    case "FOP_MOVED":
    case "FOP_FAILED":
      return error;
  }
}

/** What the request for a lease rejects with: a refusal for now is told from one for good. */
export function toLeaseError(error: unknown): unknown {
  if (!isFopError(error) || error.code !== "FOP_FAILED") return toPortError(error);
  const cause = { cause: error };
  if (error.errno === Errno.EPERM) return new LeaseError("LEASE_HELD", error.message, cause);
  if (error.errno === Errno.ENOLCK) return new LeaseError("LEASE_LIMIT", error.message, cause);
  if (error.errno === Errno.EAGAIN) return new LeaseError("LEASE_BACKLOG_FULL", error.message, cause);
  return error;
}
