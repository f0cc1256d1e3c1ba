import {
  type ErrorCodeInfo,
  errorCodes,
  type Fault,
  type LeaseErrorCode,
  type TransactionErrorCode,
  type WireErrorCode,
} from "./error-codes.js";

/**
 * Base of every error that life brings: bad bytes, a lease lost, a peer gone. Programmer errors are
 * {@link invariant} failures, and options that do not parse are `ZodError`s.
 */
export class ProtocolError extends Error {
  /** Tells the class across copies of this package; see {@link isProtocolError}. */
  readonly tag: string;
  /** Stable, published name of what went wrong. */
  readonly code: string;
  /** The Linux error number that answers for it on the wire. */
  readonly errno: number;
  /** Whether this side or the peer is at fault. */
  readonly fault: Fault;

  constructor(tag: string, code: string, info: ErrorCodeInfo, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = tag;
    this.tag = tag;
    this.code = code;
    this.errno = info.errno;
    this.fault = info.fault;
  }
}

/** Bytes that do not decode, or a value that does not encode. */
export class WireError extends ProtocolError {
  declare readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super("WireError", code, errorCodes[code], message, options);
  }
}

/** A lease that is refused, not held, revoked or fenced. */
export class LeaseError extends ProtocolError {
  declare readonly code: LeaseErrorCode;

  constructor(code: LeaseErrorCode, message: string, options?: ErrorOptions) {
    super("LeaseError", code, errorCodes[code], message, options);
  }
}

/** A copy that could not be brought to its end. */
export class TransactionError extends ProtocolError {
  declare readonly code: TransactionErrorCode;

  constructor(code: TransactionErrorCode, message: string, options?: ErrorOptions) {
    super("TransactionError", code, errorCodes[code], message, options);
  }
}

/** Recognises a {@link ProtocolError} by its shape, so that two installed copies understand each other. */
export function isProtocolError(error: unknown): error is ProtocolError {
  return (
    error instanceof Error &&
    typeof (error as Partial<ProtocolError>).tag === "string" &&
    typeof (error as Partial<ProtocolError>).code === "string" &&
    typeof (error as Partial<ProtocolError>).errno === "number"
  );
}

/** Fails the process's assumption loudly: a broken invariant is ours to fix, never handled. */
export function invariant(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${claim}`);
}
