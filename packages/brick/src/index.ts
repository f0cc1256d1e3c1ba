/**
 * A storage brick: sessions, inodes, fds, the lease gate, fop handlers, stores on disk and in memory.
 *
 * {@link createBrickServer} serves bricks on connections that the application gives it. A brick's files are in a
 * store: {@link createMemoryStore}, or `openDiskStore` of `@brickshift/brick/store-disk`. Underneath,
 * {@link createTree} is the namespace alone, {@link LockTable} the locks alone. {@link createManagementServer} tells clients
 * which graph to run and where the bricks are.
 *
 * @packageDocumentation
 */
export {
  type BrickConfig,
  type BrickServer,
  type BrickServerInit,
  createBrickServer,
} from "./server/brick-server.js";
export {
  createManagementServer,
  type ManagementServer,
  type ManagementServerInit,
} from "./management/management-server.js";
export type { ManagementEvent, ManagementLog } from "./management/management-event.js";
export {
  type ManagementOptions,
  managementOptions,
  type ManagementOptionsInput,
} from "./management/options.js";
export type { VolumeDirectory } from "./management/volume-directory.js";
export { Brick, type BrickInit, type DownReason } from "./brick.js";
export type { BrickEvent, BrickLog } from "./server/brick-event.js";
export {
  type BrickServerOptions,
  brickServerOptions,
  type BrickServerOptionsInput,
  type CacheInvalidationOptions,
  cacheInvalidationOptions,
  type LoginOptions,
  loginOptions,
} from "./options.js";
export { type HealthCheckOptions, healthCheckOptions } from "./health/options.js";
export { type BrickUsage, usageOf } from "./brick-usage.js";
export { BrickError, type BrickErrorCode } from "./brick-error.js";
export { createMemoryStore, MemoryMedium, type MemoryStoreOptions } from "./store/memory-store.js";
export { keyText } from "./store/buffered-transaction.js";
export { StoreError, type StoreErrorCode } from "./store/store-error.js";
export type {
  BlobStat,
  BrickStore,
  DataStore,
  MetaEntry,
  MetaRange,
  MetaReader,
  MetaStore,
  MetaTransaction,
  Survives,
  StoreSpace,
} from "./store/store.js";
export { keptContent } from "./tree/contents.js";
export { createTree, type TreeInput } from "./tree/create-tree.js";
export { treeOptions, type TreeOptions, type TreeOptionsInput } from "./tree/options.js";
export { TreeError, type TreeErrorCode } from "./tree/tree-error.js";
export type { Tree } from "./tree/tree.js";
export { LockTable } from "./locks/lock-table.js";
export type { LockLimits } from "./locks/lock-limits.js";
