import { isTransportError, type TransportErrorCode } from "@brickshift/transport";
import type { CallFailure } from "./call-table.js";

/** What is said of a call that the table gave up. */
export const failureText: Readonly<Record<CallFailure, string>> = {
  RPC_TIMEOUT: "no reply in time",
  RPC_ABORTED: "given up by the caller",
  RPC_DISCONNECTED: "the connection is gone",
  RPC_QUEUE_FULL: "the connection takes no more bytes",
  RPC_RECORD_TOO_LARGE: "the call is larger than a record may be",
};

/** Failures of the transport after which nothing was sent. */
const unsentCodes: Readonly<Partial<Record<TransportErrorCode, CallFailure>>> = {
  TRANSPORT_CLOSED: "RPC_DISCONNECTED",
  TRANSPORT_QUEUE_FULL: "RPC_QUEUE_FULL",
  TRANSPORT_RECORD_TOO_LARGE: "RPC_RECORD_TOO_LARGE",
};

/** The code for a record of which nothing was sent; `undefined` when it may have been. */
export function sendFailureCode(error: unknown): CallFailure | undefined {
  return isTransportError(error) ? unsentCodes[error.code] : undefined;
}
