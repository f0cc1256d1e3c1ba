import { transactionOptions } from "@brickshift/transaction";
import { z } from "zod";

const MIB = 1_048_576;

/** Options of a rebalance; the one source of types, defaults and limits. */
export const rebalanceOptions = z.strictObject({
  /** Files that move at the same time. */
  concurrency: z.int().min(1).max(1_024).default(96),
  /** Of these, files larger than `smallFileBytesMax`: each has a window of chunks in memory. */
  largeConcurrency: z.int().min(1).max(64).default(4),
  /** Files up to this size are copied under one exclusive lease, in bytes. At most one chunk is sensible. */
  smallFileBytesMax: z
    .int()
    .min(0)
    .max(16 * MIB)
    .default(131_072),
  /**
   * Of these, files up to this size are told whole with the lease, and made whole on the destination, by one call each, where both
   * bricks know how, in bytes. `0` for none. A brick tells no more than its own bound, 64 KiB by default.
   */
  wholeFileBytesMax: z.int().min(0).max(MIB).default(65_536),
  /** Upper bound of what is read from the source per second, in bytes; `0` for none. */
  bytesPerSecond: z.int().min(0).default(0),
  /** `none` is the control: a plain copy, as without this project, that loses writes. Never for data that matters. */
  protection: z.enum(["lease", "none"]).default("lease"),
  /** Name of the source in link files; by default the subvolume that the brick says it is, else the name of the brick. */
  sourceName: z.string().min(1).optional(),
  /** Name of the destination in link files; the default is as for the source. */
  destinationName: z.string().min(1).optional(),
  /** Time after which a fop is given up, in ms. Longer than a brick's recall timeout, or blocked fops would fail. */
  fopTimeoutMs: z.int().min(1).max(3_600_000).default(120_000),
  /** Time after which a request for a lease is given up, in ms. */
  leaseTimeoutMs: z.int().min(1).max(3_600_000).default(180_000),
  /**
   * Time to wait for the lock of a file that the source may still hold for an earlier connection of the run, in ms. Longer than
   * a brick needs to notice a connection that was lost.
   */
  lockWaitMs: z.int().min(0).max(3_600_000).default(60_000),
  /** Time to wait for the lock of a file while somebody else has it, in ms: clients that rename a file have it for a moment. */
  foreignLockWaitMs: z.int().min(0).max(3_600_000).default(2_000),
  /**
   * Time to wait for POSIX locks and flock(2)s that clients hold on a file to be released, in ms. They do not move with a file,
   * which stays where it is as long as there are any.
   */
  clientLockWaitMs: z.int().min(0).max(3_600_000).default(10_000),
  /** Time that the end of a run waits for leases that are being given back, in ms; then they end with the connections. */
  settleTimeoutMs: z.int().min(1).max(3_600_000).default(10_000),
  /** Times that the last steps of a file are begun anew, when its exclusive lease was revoked or a lock lost. */
  attemptsMax: z.int().min(1).max(100).default(5),
  /** Times that a step which must not stay half done is repeated when it got no answer. */
  stepTriesMax: z.int().min(1).max(100).default(8),
  /** First pause between two such tries, in ms; it doubles. */
  stepPauseMs: z.int().min(0).max(60_000).default(50),
  /** Bytes of one page of a directory, as the brick counts them. */
  pageBytes: z
    .int()
    .min(512)
    .max(4 * MIB)
    .default(65_536),
  /** Deepest directory that is entered, counted from the root. */
  depthMax: z.int().min(1).max(65_536).default(1_024),
  /** Directories of the destination known to be there, kept in memory. */
  directoriesMax: z.int().min(1).default(16_384),
  /** Outcomes kept word for word in the report; the others are counted. */
  failuresMax: z.int().min(0).default(1_000),
  /** Time between two progress events, in ms. */
  progressMs: z.int().min(10).max(600_000).default(500),
  /**
   * What becomes of a prepared target when the source has nothing under its gfid, and does not remember whether it committed:
   * it is kept hidden, and the file fails with `REBALANCE_UNDECIDED`; or it is published, as it may be the only copy; or dropped.
   * `drop` also drops what the source links to a third brick for, or shows data of though it remembers that it committed.
   */
  undecided: z.enum(["keep", "publish", "drop"]).default("keep"),
  /** How one file is copied. */
  copy: transactionOptions.prefault({ windowMin: 2 }),
});
export type RebalanceOptionsInput = z.input<typeof rebalanceOptions>;
export type RebalanceOptions = Readonly<z.output<typeof rebalanceOptions>>;
