import { callLimits, reconnectOptions, rpcPeerOptions } from "@brickshift/rpc";
import { z } from "zod";

const int32 = z.int().min(-0x8000_0000).max(0x7fff_ffff);
const uint32 = z.int().min(0).max(0xffff_ffff);

/** Who the fops are made for. */
export const callerOptions = z
  .strictObject({
    /** Process id of the application; negative for an internal client, which leases do not bind. */
    pid: int32.default(0),
    uid: uint32.default(0),
    gid: uint32.default(0),
    /** Auxiliary groups. Together with the bytes of `lkOwner` at most 91, as stock peers check. */
    groups: z.array(uint32).max(91).readonly().default([]),
    /** Owner of locks; the pid in four bytes by default, as stock clients send it. */
    lkOwner: z.instanceof(Uint8Array).optional(),
  })
  .refine((caller) => caller.groups.length + (caller.lkOwner?.length ?? 4) <= 91, {
    error: "groups and bytes of lkOwner are more than 91 together",
  });
export type CallerOptionsInput = z.input<typeof callerOptions>;
export type CallerOptions = Readonly<z.output<typeof callerOptions>>;

/** Options of a brick client. */
export const brickClientOptions = z.strictObject({
  /** Who the fops are made for, unless a fop says otherwise. */
  auth: callerOptions.prefault({}),
  /** For bricks that ask for it; both or none. */
  username: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  /** What the brick's log calls this client. */
  processName: z.string().min(1).default("brickshift"),
  /** Process id and host in the identity of the client, for the brick's log. */
  processId: uint32.default(0),
  hostName: z.string().min(1).default("localhost"),
  /** Identity of the volume, refused by a brick of another one; learned from the brick by default. */
  volumeId: z.string().min(1).optional(),
  /** Time after which a fop is given up, in ms. Longer than a lease recall, or blocked fops would fail. */
  callTimeoutMs: rpcPeerOptions.shape.callTimeoutMs,
  pingTimeoutMs: rpcPeerOptions.shape.pingTimeoutMs,
  closeTimeoutMs: rpcPeerOptions.shape.closeTimeoutMs,
  /** Bounds of the fops in flight and waiting. */
  calls: callLimits.prefault({}),
  reconnect: reconnectOptions.prefault({}),
  /** What happens to a fop made while the brick is away: it waits for its time, or fails at once. */
  whileDown: z.enum(["wait", "fail"]).default("wait"),
  /** Most fds open at once; an open beyond it is refused with `CLIENT_FD_LIMIT`. */
  fdsMax: z.int().min(1).default(65_536),
  /** Most leases held at once; a lease beyond it is refused with `CLIENT_LEASE_LIMIT`. */
  leasesMax: z.int().min(1).default(65_536),
  /** Most events that an iterable keeps for a slow reader; one more ends it with `CLIENT_EVENTS_LOST`. */
  eventsMax: z.int().min(1).default(4_096),
});
export type BrickClientOptionsInput = z.input<typeof brickClientOptions>;
export type BrickClientOptions = Readonly<z.output<typeof brickClientOptions>>;
