import { errorCodes, isProtocolError } from "@brickshift/wire";
import { isTransportError } from "@brickshift/transport";
import type { FuzzOutcome } from "./target.js";

/** Runs `read`; what it throws must have a published code, one of `codes` when they are given. */
export function refusedOr(read: () => void, ...codes: readonly string[]): FuzzOutcome {
  try {
    read();
    return "accepted";
  } catch (error) {
    checkRefusal(error, codes);
    return "refused";
  }
}

/** @throws Error for anything but an error with a published code. */
export function checkRefusal(error: unknown, codes: readonly string[] = []): void {
  if (isTransportError(error)) return;
  if (!isProtocolError(error) || !(error.code in errorCodes)) {
    throw new Error(`no coded error but ${String(error)}`, { cause: error });
  }
  if (codes.length > 0 && !codes.includes(error.code)) {
    throw new Error(`${error.code} is not for this`, { cause: error });
  }
}
