/** Every way in which a connection can fail, with the errno that stands for it above. */
export const transportErrorCodes = {
  TRANSPORT_ADDRESS: 22,
  TRANSPORT_ADDRESS_IN_USE: 98,
  TRANSPORT_PERMISSION: 13,
  TRANSPORT_REFUSED: 111,
  TRANSPORT_UNREACHABLE: 113,
  TRANSPORT_TLS: 71,
  TRANSPORT_CLOSED: 107,
  TRANSPORT_LOST: 104,
  TRANSPORT_ABORTED: 103,
  TRANSPORT_RECORD_TOO_LARGE: 90,
  TRANSPORT_RECORD_INVALID: 71,
  TRANSPORT_QUEUE_FULL: 105,
  TRANSPORT_HANDLER_FAILED: 5,
  TRANSPORT_LIMIT: 24,
  TRANSPORT_STALLED: 110,
} as const;

export type TransportErrorCode = keyof typeof transportErrorCodes;

/**
 * A connection that could not be made or is gone. It has the shape of a `ProtocolError` of
 * `@brickshift/wire` without the base, since transports know nothing of Gluster.
 */
export class TransportError extends Error {
  readonly tag = "TransportError";
  readonly code: TransportErrorCode;
  /** Linux error number. */
  readonly errno: number;

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = "TransportError";
    this.code = code;
    this.errno = transportErrorCodes[code];
  }
}

/** Recognises a {@link TransportError} by its shape, across copies of this package. */
export function isTransportError(error: unknown): error is TransportError {
  return error instanceof Error && (error as Partial<TransportError>).tag === "TransportError";
}
