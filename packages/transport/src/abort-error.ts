import { isTransportError, TransportError } from "./transport-error.js";

/** What `closed` settles with after `abort(reason)`: `reason` itself when it is ours, else wrapped. */
export function abortError(reason: Error | undefined): TransportError {
  if (isTransportError(reason)) return reason;
  const options = reason === undefined ? {} : { cause: reason };
  return new TransportError("TRANSPORT_ABORTED", reason?.message ?? "aborted by this end", options);
}
