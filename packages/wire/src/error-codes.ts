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
  WIRE_TEXT: peer(Errno.EINVAL),
  WIRE_MESSAGE_TYPE: peer(Errno.EINVAL),
  WIRE_RPC_VERSION: peer(Errno.EINVAL),
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
  LEASE_INODE_GONE: peer(Errno.ESTALE),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of {@link TransactionError}. */
export const transactionErrorCodes = {
  TRANSACTION_REPLAYS_EXCEEDED: local(Errno.EAGAIN),
  TRANSACTION_PASSES_EXCEEDED: local(Errno.EAGAIN),
  TRANSACTION_FENCED: local(Errno.ESTALE),
  TRANSACTION_OUTCOME_UNKNOWN: peer(Errno.ETIMEDOUT),
  TRANSACTION_SOURCE_FAILED: peer(Errno.EIO),
  TRANSACTION_DESTINATION_FAILED: peer(Errno.EIO),
  TRANSACTION_CANCELLED: local(Errno.EINTR),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of the brick server's own refusals: sessions, fds, locks, names, keys, bounds. */
export const brickErrorCodes = {
  BRICK_UNKNOWN: peer(Errno.ENOENT),
  BRICK_SETVOLUME_INVALID: peer(Errno.EINVAL),
  BRICK_DOWN: local(Errno.EAGAIN),
  BRICK_AUTHENTICATION: peer(Errno.EACCES),
  BRICK_HANDSHAKE_TIMEOUT: peer(Errno.ETIMEDOUT),
  BRICK_SESSION_LIMIT: peer(Errno.EAGAIN),
  BRICK_UNSUPPORTED: peer(Errno.EOPNOTSUPP),
  BRICK_LEASES_OFF: peer(Errno.ENOSYS),
  BRICK_ARGUMENT: peer(Errno.EINVAL),
  BRICK_FD_UNKNOWN: peer(Errno.EBADF),
  BRICK_FD_MODE: peer(Errno.EBADF),
  BRICK_FD_LIMIT: peer(Errno.EMFILE),
  BRICK_GFID_REQUIRED: peer(Errno.EINVAL),
  BRICK_NAME_TOO_LONG: peer(Errno.ENAMETOOLONG),
  BRICK_PAYLOAD_LIMIT: peer(Errno.EMSGSIZE),
  BRICK_PARENT_LAYOUT_MISSING: peer(Errno.ENODATA),
  BRICK_PARENT_LAYOUT_DIFFERS: peer(Errno.EIO),
  BRICK_ACCESS: peer(Errno.EACCES),
  BRICK_NOT_OWNER: peer(Errno.EPERM),
  BRICK_LOCKED: peer(Errno.EAGAIN),
  LOCK_CONFLICT: peer(Errno.EAGAIN),
  LOCK_LIMIT: peer(Errno.ENOLCK),
  LOCK_NOT_HELD: peer(Errno.EINVAL),
  LOCK_CLIENT_UNKNOWN: peer(Errno.ESRCH),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of the brick's `StoreError`: the disk, the directory of a store, its format. */
export const storeErrorCodes = {
  STORE_IO: local(Errno.EIO),
  STORE_NO_SPACE: local(Errno.ENOSPC),
  STORE_READ_ONLY: local(Errno.EROFS),
  STORE_FILE_TOO_BIG: local(Errno.EFBIG),
  STORE_FILES_MAX: local(Errno.ENFILE),
  STORE_BLOB_MISSING: local(Errno.EIO),
  STORE_BLOB_EXISTS: local(Errno.EEXIST),
  STORE_LOCKED: local(Errno.EBUSY),
  STORE_VERSION_UNKNOWN: local(Errno.EPROTONOSUPPORT),
  STORE_DAMAGED: local(Errno.EUCLEAN),
  STORE_CLOSED: local(Errno.ESHUTDOWN),
  STORE_NOT_DIRECTORY: local(Errno.ENOTDIR),
  STORE_PERMISSION: local(Errno.EACCES),
  STORE_OTHER_VOLUME: local(Errno.EEXIST),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of the brick's `TreeError`: what the namespace refuses, one code for each reason. */
export const treeErrorCodes = {
  TREE_NO_ENTRY: peer(Errno.ENOENT),
  TREE_STALE: peer(Errno.ESTALE),
  TREE_EXISTS: peer(Errno.EEXIST),
  TREE_GFID_EXISTS: peer(Errno.EEXIST),
  TREE_NOT_DIRECTORY: peer(Errno.ENOTDIR),
  TREE_IS_DIRECTORY: peer(Errno.EISDIR),
  TREE_NOT_EMPTY: peer(Errno.ENOTEMPTY),
  TREE_NAME_INVALID: peer(Errno.EINVAL),
  TREE_NAME_TOO_LONG: peer(Errno.ENAMETOOLONG),
  TREE_TARGET_TOO_LONG: peer(Errno.ENAMETOOLONG),
  TREE_INSIDE_ITSELF: peer(Errno.EINVAL),
  TREE_INVALID: peer(Errno.EINVAL),
  TREE_NOT_PERMITTED: peer(Errno.EPERM),
  TREE_IS_SYMLINK: peer(Errno.ELOOP),
  TREE_IS_SOCKET: peer(Errno.ENXIO),
  TREE_NO_DEFAULT_ACL: peer(Errno.EACCES),
  TREE_NO_ACL: peer(Errno.EOPNOTSUPP),
  TREE_LINKS_MAX: peer(Errno.EMLINK),
  TREE_HOLDS_MAX: peer(Errno.ENFILE),
  TREE_FILE_TOO_BIG: peer(Errno.EFBIG),
  TREE_NOT_A_FILE: peer(Errno.EBADF),
  TREE_NO_DATA_BEYOND: peer(Errno.ENXIO),
  TREE_NO_XATTR: peer(Errno.ENODATA),
  TREE_XATTR_EXISTS: peer(Errno.EEXIST),
  TREE_XATTR_NAME_TOO_LONG: peer(Errno.ERANGE),
  TREE_XATTR_TOO_BIG: peer(Errno.E2BIG),
  TREE_XATTR_SPACE: peer(Errno.ENOSPC),
  TREE_MOVED: peer(Errno.ESTALE),
  TREE_LOCKS_MOVED: peer(Errno.EREMOTE),
  TREE_FENCED: peer(Errno.ESTALE),
  TREE_MIGRATING: peer(Errno.EBUSY),
  TREE_NOT_A_TARGET: peer(Errno.EINVAL),
  TREE_NOT_PREPARED: peer(Errno.EINVAL),
  TREE_TARGETS_MAX: peer(Errno.EAGAIN),
  TREE_UNLINK_CONDITION: peer(Errno.EBUSY),
  TREE_DAMAGED: local(Errno.EUCLEAN),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of `VolumeError`: the text of volfiles, the options of volumes. */
export const volumeErrorCodes = {
  VOLFILE_TOO_LONG: peer(Errno.EFBIG),
  VOLFILE_SYNTAX: peer(Errno.EINVAL),
  VOLFILE_COMMAND: peer(Errno.EPERM),
  VOLFILE_GRAPH: peer(Errno.EINVAL),
  VOLFILE_VALUE: local(Errno.EINVAL),
  VOLUME_OPTION_UNKNOWN: local(Errno.EINVAL),
  VOLUME_OPTION_VALUE: local(Errno.EINVAL),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of `RpcError`: calls without an answer, connections that end, refusals of the RPC layer. */
export const rpcErrorCodes = {
  RPC_TIMEOUT: peer(Errno.ETIMEDOUT),
  RPC_ABORTED: local(Errno.ECANCELED),
  RPC_DISCONNECTED: peer(Errno.ENOTCONN),
  RPC_PING_TIMEOUT: peer(Errno.ENOTCONN),
  RPC_CLOSED: local(Errno.ENOTCONN),
  RPC_DENIED: peer(Errno.EACCES),
  RPC_REJECTED: peer(Errno.EPROTO),
  RPC_GARBAGE: peer(Errno.EBADMSG),
  RPC_QUEUE_FULL: local(Errno.ENOBUFS),
  RPC_RECORD_TOO_LARGE: local(Errno.EMSGSIZE),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of the brick client's `ClientError`: the handshake, file descriptors, event queues. */
export const clientErrorCodes = {
  CLIENT_NOT_A_BRICK: peer(Errno.EPROTONOSUPPORT),
  CLIENT_AUTH_REFUSED: peer(Errno.EACCES),
  CLIENT_BRICK_UNKNOWN: peer(Errno.ENOENT),
  CLIENT_BRICK_NOT_READY: peer(Errno.EAGAIN),
  CLIENT_VOLUME_CHANGED: peer(Errno.ESTALE),
  CLIENT_HANDSHAKE_REFUSED: peer(Errno.EINVAL),
  CLIENT_REPLY_INVALID: peer(Errno.EBADMSG),
  CLIENT_STALE_FD: local(Errno.EBADF),
  CLIENT_FD_LIMIT: local(Errno.EMFILE),
  CLIENT_LEASE_LIMIT: local(Errno.ENOLCK),
  CLIENT_EVENTS_LOST: local(Errno.EOVERFLOW),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of the brick client's `FopError`, whose errno is the one that the brick sent. */
export const fopErrorCodes = {
  FOP_FAILED: peer(Errno.EIO),
  FOP_LEASE_REVOKED: peer(Errno.EKEYREVOKED),
  FOP_FENCED: peer(Errno.ESTALE),
  FOP_MOVED: peer(Errno.ESTALE),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Codes of `RebalanceError`: why a run cannot begin, or one file cannot be moved. */
export const rebalanceErrorCodes = {
  REBALANCE_BUSY: peer(Errno.EBUSY),
  REBALANCE_LOCKED: peer(Errno.EBUSY),
  REBALANCE_DESTINATION_FULL: peer(Errno.ENOSPC),
  REBALANCE_SOURCE_FAILED: peer(Errno.EIO),
  REBALANCE_DESTINATION_FAILED: peer(Errno.EIO),
  REBALANCE_UNREACHABLE: peer(Errno.ENOTCONN),
  REBALANCE_UNFINISHED: peer(Errno.ETIMEDOUT),
  REBALANCE_UNDECIDED: peer(Errno.EUCLEAN),
  REBALANCE_OTHER_RUNNER: peer(Errno.EBUSY),
  REBALANCE_NAME_TAKEN: peer(Errno.EEXIST),
  REBALANCE_TWO_DATA_FILES: peer(Errno.EEXIST),
  REBALANCE_DANGLING: peer(Errno.ENOENT),
  REBALANCE_TOO_DEEP: local(Errno.ELOOP),
  REBALANCE_CANCELLED: local(Errno.EINTR),
  REBALANCE_PATH_NOT_FOUND: local(Errno.ENOENT),
  REBALANCE_SAME_BRICK: local(Errno.EINVAL),
  REBALANCE_NOT_BRICKSHIFT: peer(Errno.EOPNOTSUPP),
  REBALANCE_JOURNAL_DAMAGED: local(Errno.EIO),
  REBALANCE_JOURNAL_VERSION: local(Errno.EINVAL),
  REBALANCE_JOURNAL_OTHER_PAIR: local(Errno.EINVAL),
  REBALANCE_JOURNAL_UNFINISHED: local(Errno.EEXIST),
  REBALANCE_JOURNAL_IN_USE: local(Errno.EBUSY),
} as const satisfies Record<string, ErrorCodeInfo>;

/** Every published code. A code is never renamed nor reused. */
export const errorCodes = {
  ...wireErrorCodes,
  ...leaseErrorCodes,
  ...transactionErrorCodes,
  ...rpcErrorCodes,
  ...clientErrorCodes,
  ...fopErrorCodes,
  ...rebalanceErrorCodes,
  ...brickErrorCodes,
  ...storeErrorCodes,
  ...volumeErrorCodes,
  ...treeErrorCodes,
} as const;

export type WireErrorCode = keyof typeof wireErrorCodes;
export type LeaseErrorCode = keyof typeof leaseErrorCodes;
export type TransactionErrorCode = keyof typeof transactionErrorCodes;
export type BrickErrorCode = keyof typeof brickErrorCodes;
export type StoreErrorCode = keyof typeof storeErrorCodes;
export type VolumeErrorCode = keyof typeof volumeErrorCodes;
export type TreeErrorCode = keyof typeof treeErrorCodes;
export type RpcErrorCode = keyof typeof rpcErrorCodes;
export type ClientErrorCode = keyof typeof clientErrorCodes;
