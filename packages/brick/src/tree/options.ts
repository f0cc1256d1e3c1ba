import { z } from "zod";

/** Options of {@link createTree}. */
export const treeOptions = z.strictObject({
  /** Longest value of one xattr, in bytes; longer is `TREE_XATTR_TOO_BIG`. Linux allows as much. */
  xattrBytesMax: z.int().min(256).max(16_777_216).default(65_536),
  /** Names and values of all xattrs of an inode, in bytes; more is `TREE_XATTR_SPACE`. */
  xattrsBytesMax: z.int().min(1024).max(67_108_864).default(262_144),
  /** Most names of one file; one more is `TREE_LINKS_MAX`. */
  linksMax: z.int().min(2).max(4_294_967_295).default(65_000),
  /** Longest file, in bytes; longer is `TREE_FILE_TOO_BIG`. The default is that of ext4. */
  fileBytesMax: z
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .default(2 ** 44 - 4096),
  /** Most objects held open; one more is `TREE_HOLDS_MAX`. */
  holdsMax: z.int().min(1).default(1_000_000),
  /** Files of which new times wait in memory; beyond, the oldest are persisted without being asked. */
  dirtyTimesMax: z.int().min(1).default(16_384),
  /** Blobs without a record that a start after a kill removes; with more it refuses to start, `TREE_DAMAGED`. */
  orphansMax: z.int().min(0).default(10_000),
  /**
   * Bricks of one volume, this one counted, that share the file system of the store: each tells its clients of its part of the
   * room, which they add up. Source: the option of that name of `storage/posix`, measured.
   */
  sharedBrickCount: z.int().min(1).max(1_024).default(1),
  /** Most migration targets at one time; one more is `TREE_TARGETS_MAX`. */
  targetsMax: z.int().min(1).default(4_096),
  /** Longest content that a migration target put whole keeps with the records, in bytes; a longer one gets a blob at once. */
  keptBytesMax: z.int().min(0).max(65_536).default(16_384),
  /** Part of the medium from which on the records keep no more contents: lmdb gives the room of what is removed to nobody else. */
  keptShareMax: z
    .number()
    .min(0)
    .max(1)
    .default(1 / 16),
  /** Most commits remembered that no runner has called published; beyond, the oldest quarter is forgotten. */
  commitsMax: z.int().min(4).default(65_536),
});
export type TreeOptionsInput = z.input<typeof treeOptions>;
export type TreeOptions = Readonly<z.output<typeof treeOptions>>;
