/**
 * The GlusterFS 4.x wire format: bytes to values and back, without sockets, clocks or files.
 *
 * A record goes through {@link decodeMessage}, its body through {@link decodeFopRequest} or
 * {@link decodeFopReply}; the other programs have tables of the same form, {@link handshake}, {@link dump},
 * {@link portmap} and {@link callbacks}, for {@link decodeBody} and {@link encodeBody}.
 *
 * @packageDocumentation
 */
export {
  type FopName,
  type FopReply,
  type FopRequest,
  decodeFopReply,
  decodeFopRequest,
  encodeFopReply,
  encodeFopRequest,
  failedReply,
  FOP_COMPOUND,
  FOP_NULL,
  fopByNumber,
  fops,
} from "./fops.js";
export {
  type AcceptedReply,
  AcceptStat,
  type CallHeader,
  decodeMessage,
  type DeniedReply,
  encodeCall,
  encodeReply,
  peekXid,
  RejectStat,
  type ReplyHeader,
  RPC_VERSION,
  type RpcMessage,
} from "./rpc-message.js";
export {
  type Auth,
  AUTH_BYTES_MAX,
  type GlusterCaller,
  type GlusterV1Auth,
  type GlusterV2Auth,
  type GlusterV3Auth,
  lkOwnerOfPid,
  NULL_AUTH,
  type NullAuth,
  TimeFlags,
  type UnixAuth,
  type UnknownAuth,
} from "./auth.js";
export { decodeRecordMark, encodeRecordMark, FRAGMENT_BYTES_MAX } from "./record-mark.js";
export { MANAGEMENT_HANDSHAKE_PROGRAM, type Program, programs } from "./programs.js";
export { dump, DUMP_GFS_ID } from "./dump.js";
export { handshake } from "./handshake.js";
export { portmap } from "./portmap.js";
export {
  type Callback,
  callbackByNumber,
  type CallbackName,
  type CallbackRequest,
  callbacks,
} from "./callbacks.js";
export { type Dict, type DictValue, EMPTY_DICT } from "./dict.js";
export {
  bytesValue,
  dictBigint,
  dictBytes,
  dictGfid,
  dictNumber,
  dictText,
  gfidValue,
  iattValue,
  intValue,
  textValue,
  uintValue,
} from "./dict-values.js";
export {
  decodeOldDict,
  encodeOldDict,
  type OldDict,
  oldDictOf,
  oldDictText,
  oldDictValue,
} from "./old-dict.js";
export {
  CONTENT_KEY,
  getRecallDeadlineMs,
  getXdata,
  type LeaseScope,
  type MigrationStep,
  recallXdata,
  XDATA,
  type XdataName,
  xdataOf,
  type XdataValues,
} from "./brickshift-xdata.js";
export {
  decodeExtents,
  decodeLinks,
  encodeExtents,
  encodeLinks,
  type Extent,
  type ParentLink,
} from "./extents.js";
export { decodeTargets, encodeTargets, type HeldTarget } from "./migration-targets.js";
export { decodeXattrs, encodeXattrs } from "./xattrs.js";
export { type Iatt, IATT_FLAGS_ALL, IattFlags, NO_IATT } from "./iatt.js";
export { deviceOfRdev, rdevOfDevice } from "./device-number.js";
export type { OldIatt } from "./old-iatt.js";
export type { Mdata } from "./mdata.js";
export type { ActiveLock, Dirent, Direntp, Flock, Lease, Statfs } from "./structs.js";
export {
  ANONYMOUS_FD,
  DirentType,
  EntrylkCmd,
  FileType,
  InvalidationFlags,
  LeaseCmd,
  LeaseType,
  LINK_FILE_PERMISSIONS,
  LkCmd,
  LockType,
  MIGRATION_LOCK_DOMAIN,
  NO_FD,
  OpenFlags,
  SeekWhat,
  SetattrValid,
  XattrFlags,
  XattropOp,
} from "./constants.js";
export { decodeName, encodeName, nameByteLength, nameToBytes } from "./names.js";
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
export { type Codec, type CodecValue, decodeBody, encodeBody } from "./codec.js";
export type { Procedure, ReplyOf, RequestOf } from "./procedure.js";
export { XdrReader } from "./xdr-reader.js";
export { XdrWriter } from "./xdr-writer.js";
