import { errorCodes, ProtocolError } from "@brickshift/wire";

/** Codes of {@link BrickError}. */
export type BrickErrorCode = Extract<keyof typeof errorCodes, `BRICK_${string}` | `LOCK_${string}`>;

/** A call that the brick refuses on its own account: a lock, an fd, a bound, a key that is missing. */
export class BrickError extends ProtocolError {
  declare readonly code: BrickErrorCode;

  constructor(code: BrickErrorCode, message: string, options?: ErrorOptions) {
    super("BrickError", code, errorCodes[code], message, options);
  }
}
