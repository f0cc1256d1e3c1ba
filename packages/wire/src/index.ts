/**
 * The GlusterFS 4.x wire format: bytes to values and back, without sockets, clocks or files.
 *
 * @packageDocumentation
 */
export { Errno, type ErrnoName, errnoName } from "./errno.js";
export {
  errorCodes,
  type ErrorCodeInfo,
  type Fault,
  type LeaseErrorCode,
  type TransactionErrorCode,
  type WireErrorCode,
} from "./error-codes.js";
export {
  invariant,
  isProtocolError,
  LeaseError,
  ProtocolError,
  TransactionError,
  WireError,
} from "./errors.js";
export {
  type ClientUid,
  type Epoch,
  type Gfid,
  gfidFromBytes,
  gfidToBytes,
  type LeaseId,
  leaseIdFromBytes,
  leaseIdFromRandom,
  leaseIdToBytes,
  NULL_GFID,
  parseGfid,
  parseLeaseId,
  ROOT_GFID,
  writeGfid,
} from "./ids.js";
