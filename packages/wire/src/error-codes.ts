import { Errno } from "./errno.js";

/** Who is to blame for an error: this side's own state or input, or what the peer sent. */
export type Fault = "local" | "peer";

/** What an error code stands for: the errno that goes on the wire for it, and who is at fault. */
export interface ErrorCodeInfo {
  readonly errno: number;
  readonly fault: Fault;
}

const peer = (errno: number): ErrorCodeInfo => ({ errno, fault: "peer" });
const local = (errno: number): ErrorCodeInfo => ({ errno, fault: "local" });

/** Codes of {@link WireError}: bytes that do not decode, values that do not encode. */
export const wireErrorCodes = {
  WIRE_TRUNCATED: peer(Errno.EINVAL),
  WIRE_TRAILING_BYTES: peer(Errno.EINVAL),
  WIRE_PADDING: peer(Errno.EINVAL),
  WIRE_LENGTH: peer(Errno.EINVAL),
  WIRE_NUMBER_RANGE: peer(Errno.EOVERFLOW),
  WIRE_DICT: peer(Errno.EINVAL),
  WIRE_LIST: peer(Errno.EINVAL),
  WIRE_MESSAGE_TYPE: peer(Errno.EINVAL),
  WIRE_AUTH: peer(Errno.EINVAL),
  WIRE_VALUE: local(Errno.EINVAL),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of {@link LeaseError}. */
export const leaseErrorCodes = {
  LEASE_HELD: peer(Errno.EPERM),
  LEASE_NOT_HELD: peer(Errno.EINVAL),
  LEASE_REVOKED: peer(Errno.EKEYREVOKED),
  LEASE_FENCED: peer(Errno.ESTALE),
  LEASE_ID_INVALID: peer(Errno.EINVAL),
  LEASE_ID_IN_USE: peer(Errno.EINVAL),
  LEASE_BACKLOG_FULL: peer(Errno.EAGAIN),
  LEASE_WOULD_BLOCK: peer(Errno.EAGAIN),
  LEASE_LIMIT: peer(Errno.ENOLCK),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of {@link TransactionError}. */
export const transactionErrorCodes = {
  TRANSACTION_REPLAYS_EXCEEDED: local(Errno.EAGAIN),
  TRANSACTION_FENCED: local(Errno.ESTALE),
  TRANSACTION_SOURCE_FAILED: peer(Errno.EIO),
  TRANSACTION_DESTINATION_FAILED: peer(Errno.EIO),
  TRANSACTION_CANCELLED: local(Errno.EINTR),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Every published code. A code is never renamed nor reused. */
export const errorCodes = { ...wireErrorCodes, ...leaseErrorCodes, ...transactionErrorCodes } as const;

export type WireErrorCode = keyof typeof wireErrorCodes;
export type LeaseErrorCode = keyof typeof leaseErrorCodes;
export type TransactionErrorCode = keyof typeof transactionErrorCodes;
