import { z } from "zod";

const count = (fallback: number, max = Number.MAX_SAFE_INTEGER) => z.int().min(1).max(max).default(fallback);

/** Options of the leases of one brick: type, default and limit of each. */
export const leaseOptions = z.strictObject({
  /** Time a holder has to unlock after a recall, in ms. `"infinite"`: only its disconnect ends the lease. */
  recallTimeoutMs: z.union([z.int().min(1).max(3_600_000), z.literal("infinite")]).default(60_000),
  /** Time a recalled holder has left, at the least, after each fop it does under the lease, in ms. */
  recallProgressMs: z.int().min(0).max(3_600_000).default(1_000),
  /**
   * Time up to which progress can put the end off, in ms since the recall. Not more than `recallTimeoutMs`
   * means that it cannot.
   */
  recallCapMs: z.int().min(1).max(3_600_000).default(60_000),
  /** Most leases held and asked for on the brick; 2^24 is the most that one `Map` of V8 holds. */
  leasesMax: count(4_194_304, 16_777_216),
  /** Most leases held and asked for on one inode: each fop on it is compared with each of them. */
  leasesPerInodeMax: count(1_024),
  /** Most leases granted from one start on: with 32 bits below the boot count, one more would repeat an epoch. */
  grantsMax: count(4_294_967_295, 4_294_967_295),
  /** Most lease requests that wait, on the brick. */
  queuedRequestsMax: count(65_536),
  /** Most fops that wait on one inode. */
  blockedFopsMax: count(1_024),
  /** Most fops that wait on the brick. */
  blockedFopsTotalMax: count(65_536),
  /**
   * What becomes of a revoked lease-id. `"refused"`: fops and unlocks that name it are told. `"forgotten"`: as on stock
   * bricks of 10.3 it means nothing any more, fops run and unlocks succeed; whoever relies on the lease is not safe then.
   */
  deadLeases: z.enum(["refused", "forgotten"]).default("refused"),
  /** Most revoked lease-ids remembered per client, until it has heard of them. */
  deadLeasesMax: count(1_024),
  /** Most inode records on the brick: inodes the brick keeps, and inodes with leases. */
  inodesMax: count(8_388_608, 16_777_216),
  /** Most inodes whose modified extents are tracked; the one longest unused is given up for a new one. */
  trackedInodesMax: count(4_096),
  /**
   * Most modified extents kept per inode; past it those with the smallest gaps are joined. Twice as many writes scattered over a
   * file make a seventh of it count as modified: this is to be more than the writes that come while a file is copied.
   */
  extentsMax: z.int().min(2).max(65_536).default(16_384),
  /** Most modified extents kept on the brick; past it the inode longest unused is given up. About 80 bytes each. */
  extentsTotalMax: count(1_048_576),
});

/** What a caller may pass: every option has a default. */
export type LeaseOptionsInput = z.input<typeof leaseOptions>;
/** Parsed options. */
export type LeaseOptions = Readonly<z.output<typeof leaseOptions>>;
