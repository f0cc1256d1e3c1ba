import { z } from "zod";

/** Options of {@link openDiskStore}. */
export const diskStoreOptions = z.strictObject({
  /** Directory of the store; made when it is not there. One process at a time. */
  directory: z.string().min(1),
  /** Most files open at one time. All in use at once: one more is refused with `STORE_FILES_MAX`. */
  openFilesMax: z.int().min(4).max(100_000).default(512),
  /** Reads and writes shorter than this are made without the thread pool as long as they are quick; longer ones never. */
  pooledBytesMin: z.int().min(0).default(262_144),
});
export type DiskStoreOptionsInput = z.input<typeof diskStoreOptions>;
export type DiskStoreOptions = Readonly<z.output<typeof diskStoreOptions>>;
