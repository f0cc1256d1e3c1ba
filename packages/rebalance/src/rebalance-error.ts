import { errorCodes, ProtocolError } from "@brickshift/wire";

/** Codes of {@link RebalanceError}. */
export type RebalanceErrorCode = Extract<keyof typeof errorCodes, `REBALANCE_${string}`>;

/** Why a run cannot begin, or one file cannot be moved. The message names the thing and the next step. */
export class RebalanceError extends ProtocolError {
  declare readonly code: RebalanceErrorCode;

  constructor(code: RebalanceErrorCode, message: string, options?: ErrorOptions) {
    super("RebalanceError", code, errorCodes[code], message, options);
  }
}

/** Recognises a {@link RebalanceError} by its shape, across copies of this package. */
export function isRebalanceError(error: unknown): error is RebalanceError {
  return error instanceof Error && (error as Partial<RebalanceError>).tag === "RebalanceError";
}
