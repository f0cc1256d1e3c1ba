import { type AcceptStat, errorCodes, ProtocolError } from "@brickshift/wire";

/** Codes of {@link RpcError}. */
export type RpcErrorCode = Extract<keyof typeof errorCodes, `RPC_${string}`>;

/**
 * Whether the peer may have carried out a failed call. `no`: it was never sent, or the peer said that
 * it refused it. `maybe`: it was sent and nothing is known; only the caller can tell if a repeat is safe.
 */
export type Executed = "no" | "maybe";

/** Why an accepted call was not carried out. Source: RFC 5531 section 9, `accept_stat` 1 to 5. */
export type Refusal = Exclude<keyof typeof AcceptStat, "success">;

/** A call that did not end in a reply body, or a connection that ended. */
export class RpcError extends ProtocolError {
  declare readonly code: RpcErrorCode;
  /** Whether the peer may have carried out the call. */
  readonly executed: Executed;
  /** Set with `RPC_REJECTED`: what the peer had against the call. */
  readonly refusal: Refusal | undefined;

  constructor(
    code: RpcErrorCode,
    message: string,
    details: { readonly executed?: Executed; readonly refusal?: Refusal; readonly cause?: unknown } = {},
  ) {
    const { executed = "no", refusal, cause } = details;
    super("RpcError", code, errorCodes[code], message, cause === undefined ? undefined : { cause });
    this.executed = executed;
    this.refusal = refusal;
  }
}

/** Recognises an {@link RpcError} by its shape, across copies of this package. */
export function isRpcError(error: unknown): error is RpcError {
  return error instanceof Error && (error as Partial<RpcError>).tag === "RpcError";
}
