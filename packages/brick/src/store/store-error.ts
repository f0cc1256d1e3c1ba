import { errorCodes, ProtocolError } from "@brickshift/wire";

/** Every code of {@link StoreError}. */
export type StoreErrorCode = Extract<keyof typeof errorCodes, `STORE_${string}`>;

/** What the medium under a brick refuses: no space, a read error, a directory that is taken or damaged. */
export class StoreError extends ProtocolError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super("StoreError", code, errorCodes[code], message, options);
  }
}
