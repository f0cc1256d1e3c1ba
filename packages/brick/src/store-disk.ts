/**
 * A brick's store on disk: records in lmdb, the content of files as plain files.
 *
 * @packageDocumentation
 */
export { openDiskStore } from "./store/disk/disk-store.js";
export {
  joinVolume,
  readMembership,
  type VolumeMembership,
  type VolumePlace,
} from "./store/disk/volume-membership.js";
export { diskStoreOptions, type DiskStoreOptions, type DiskStoreOptionsInput } from "./store/disk/options.js";
