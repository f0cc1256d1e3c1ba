import { errorCodes, ProtocolError } from "@brickshift/wire";
import type { Executed } from "@brickshift/rpc";

/** Codes of {@link ClientError}. */
export type ClientErrorCode = Extract<keyof typeof errorCodes, `CLIENT_${string}`>;

/** A handshake that failed, or a fop that this client did not send or could not understand the answer of. */
export class ClientError extends ProtocolError {
  declare readonly code: ClientErrorCode;
  /** Whether the brick may have carried out the fop; `no` for all but `CLIENT_REPLY_INVALID`. */
  readonly executed: Executed;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super("ClientError", code, errorCodes[code], message, options);
    this.executed = code === "CLIENT_REPLY_INVALID" ? "maybe" : "no";
  }
}

/** Recognises a {@link ClientError} by its shape, across copies of this package. */
export function isClientError(error: unknown): error is ClientError {
  return error instanceof Error && (error as Partial<ClientError>).tag === "ClientError";
}
