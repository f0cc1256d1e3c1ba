import { z } from "zod";

/** Options of a copier; the one source of types, defaults and limits. */
export const transactionOptions = z
  .strictObject({
    /** Bytes of one read and the write that follows it, at the least: the unit of the window. */
    chunkBytes: z.int().min(1).max(67_108_864).default(131_072),
    /** Bytes of one read and the write that follows it, at the most: a wide window has fewer and larger chunks, since what a chunk costs is its calls (measured). */
    chunkBytesMax: z.int().min(1).max(67_108_864).default(2_097_152),
    /** Most in flight, in units of `chunkBytes`. */
    windowMax: z.int().min(1).max(1_024).default(64),
    /** In flight at the beginning, in units of `chunkBytes`. */
    windowStart: z.int().min(1).max(1_024).default(4),
    /** In flight that recalls leave at the least, and what is copied under a lease however soon it is recalled, in units of `chunkBytes`: less makes clients wait less, and the copy take longer. */
    windowMin: z.int().min(1).max(1_024).default(1),
    /** A lease is given back after this many windows of chunks, even if nobody asked for it; after two at the most while the window widens. */
    leaseWindowsMax: z.int().min(1).max(65_536).default(16),
    /** Times that one region is copied again before the copy fails with `TRANSACTION_REPLAYS_EXCEEDED`. */
    replaysMax: z.int().min(0).max(10_000).default(16),
    /** Passes over what was modified meanwhile, the first included. */
    passesMax: z.int().min(1).max(1_000).default(8),
    /** A copy under shared leases ends when at most this much is known to be left. */
    finalBytesMax: z.int().min(0).default(1_048_576),
    /** And in at most so many pieces: each costs a read and a write, which clients wait for. */
    finalExtentsMax: z.int().min(1).default(16),
    /** Upper limit of the first wait after a failed attempt, in ms; it doubles with each further one. */
    backoffMs: z.int().min(0).max(60_000).default(20),
    /** Most that a wait between two attempts may grow to, in ms. */
    backoffMaxMs: z.int().min(0).max(600_000).default(2_000),
    /** How long a recalled exclusive lease may be kept to finish, in ms; it is given back at half of what the source grants at the latest. */
    exclusiveHoldMs: z.int().min(0).max(600_000).default(5_000),
    /** Extents kept apart; beyond, neighbours are copied together with the gap between them. */
    extentsMax: z.int().min(1).max(1_048_576).default(16_384),
    /** Regions whose replays are reported one by one. */
    regionsMax: z.int().min(1).max(65_536).default(64),
  })
  .refine((options) => options.chunkBytes <= options.chunkBytesMax, {
    path: ["chunkBytesMax"],
    message: "chunkBytesMax must not be less than chunkBytes",
  })
  .refine((options) => options.windowMin <= options.windowStart, {
    path: ["windowMin"],
    message: "windowMin must not exceed windowStart",
  })
  .refine((options) => options.windowStart <= options.windowMax, {
    path: ["windowStart"],
    message: "windowStart must not exceed windowMax",
  })
  .refine((options) => options.backoffMs <= options.backoffMaxMs, {
    path: ["backoffMs"],
    message: "backoffMs must not exceed backoffMaxMs",
  });

export type TransactionOptionsInput = z.input<typeof transactionOptions>;
export type TransactionOptions = Readonly<z.output<typeof transactionOptions>>;
