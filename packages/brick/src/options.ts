import { leaseOptions } from "@brickshift/lease-manager";
import { rpcPeerOptions } from "@brickshift/rpc";
import { z } from "zod";
import { healthCheckOptions } from "./health/options.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Who may use the bricks of a server. */
export const loginOptions = z.strictObject({
  /** Addresses that may connect, as texts in which `*` stands for any characters; by default all. */
  allow: z.array(z.string().min(1).max(255)).max(1_024).default(["*"]),
  /** Addresses that may not, whatever `allow` says. */
  reject: z.array(z.string().min(1).max(255)).max(1_024).default([]),
  /** Common names of certificates that may connect, as texts with `*`. When there, a peer must prove to be one of them. */
  certificates: z.array(z.string().min(1).max(255)).max(1_024).optional(),
  /** Passwords by user name. When there is one, peers must name a user and its password. */
  users: z.record(z.string().min(1).max(255), z.string().min(1).max(255)).default({}),
});
export type LoginOptions = Readonly<z.output<typeof loginOptions>>;

/** Callbacks by which clients learn that what they cached was changed. */
export const cacheInvalidationOptions = z.strictObject({
  /** Time for which a client that accessed an inode is told of changes, in ms; clients are told it in seconds. */
  timeoutMs: z.int().min(1_000).max(3_600_000).default(60_000),
  /** Most pairs of a client and an inode; past it the oldest is given up, and its client told to forget the inode. */
  accessesMax: z.int().min(1).max(16_777_216).default(262_144),
  /** Most xattrs that clients may register for. */
  xattrNamesMax: z.int().min(1).default(1_024),
});
export type CacheInvalidationOptions = Readonly<z.output<typeof cacheInvalidationOptions>>;

/** Options of a brick server. */
export const brickServerOptions = z
  .strictObject({
    login: loginOptions.prefault({}),
    leases: leaseOptions.prefault({}),
    /** Whether clients get leases of scope `open`, as with `features.leases`; leases of scope `data` there are always. */
    openLeases: z.boolean().default(true),
    /** How the stores are looked after: a brick whose store fails is down for its clients until it is back. */
    healthCheck: healthCheckOptions.prefault({}),
    /** When present, clients are told of changes that others make; stock bricks: `features.cache-invalidation`. */
    cacheInvalidation: cacheInvalidationOptions.optional(),
    /**
     * Imitates that brick where clients could tell: nothing that Brickshift adds is offered or looked at, neither scope `data`
     * nor the epoch, and dead leases are forgotten. SETVOLUME says so, and runners refuse such a brick. What crashes the original does not.
     */
    compat: z.enum(["gluster-10.3"]).optional(),
    /** Of every connection. The brick sends no pings: its clients do. */
    rpc: rpcPeerOptions.prefault({ pingTimeoutMs: 0 }),
    /** Largest record of the transport, in bytes; nothing is answered that would not fit. */
    recordBytesMax: z
      .int()
      .min(64 * KIB)
      .max(0x7fff_ffff)
      .default(16 * MIB),
    /** Time in which a connection must have done its SETVOLUME, in ms; then it is ended. */
    handshakeTimeoutMs: z.int().min(1).max(3_600_000).default(60_000),
    /** Most connections; one more is ended at once. */
    connectionsMax: z.int().min(1).default(4_096),
    /** Most connections of one client, by its process-uuid; one more is refused at SETVOLUME. */
    connectionsPerClientMax: z.int().min(1).default(16),
    /** Most fds of one client; one more is refused with EMFILE. */
    fdsPerClientMax: z.int().min(1).max(16_777_216).default(65_536),
    /** Most locks, held and waiting, of each kind on one inode; one more is refused with ENOLCK. */
    locksPerInodeMax: z.int().min(1).default(4_096),
    /** Most locks, held and waiting, of one client; one more is refused with ENOLCK. */
    locksPerClientMax: z.int().min(1).default(16_384),
    /** Time between two notices to the holder of one inode lock that others want it, in ms; `"never"`: none. */
    contentionDelayMs: z.union([z.int().min(0).max(3_600_000), z.literal("never")]).default(5_000),
    /** Largest file that a LOOKUP or READDIRP carries along, in bytes, when a client asks for contents. */
    contentBytesMax: z
      .int()
      .min(0)
      .max(4 * MIB)
      .default(64 * KIB),
    /** Most bytes of one READDIR or READDIRP reply, whatever the client asks for. */
    readdirBytesMax: z
      .int()
      .min(8 * KIB)
      .default(MIB),
    /** Bytes of buffers kept for READ replies. */
    poolBytesMax: z
      .int()
      .min(0)
      .default(64 * MIB),
  })
  .refine((options) => options.contentBytesMax + options.readdirBytesMax < options.recordBytesMax, {
    error: "recordBytesMax must hold a READDIRP reply with its contents",
    path: ["recordBytesMax"],
  });
export type BrickServerOptionsInput = z.input<typeof brickServerOptions>;
export type BrickServerOptions = Readonly<z.output<typeof brickServerOptions>>;

/** Room that a record needs beside a payload: headers, attributes, xdata. */
export const RECORD_HEAD_BYTES_MAX = 16 * KIB;
