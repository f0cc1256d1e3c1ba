import { z } from "zod";

const MIB = 1_024 * 1_024;

/** Bounds of the calls that one side of a connection makes. */
export const callLimits = z.strictObject({
  /** Most calls sent and not answered; one more waits. Calls marked exempt do not count. */
  inFlightMax: z.int().min(1).default(256),
  /** Most bytes of calls sent and not answered; a call that would exceed it waits. A larger one goes alone. */
  inFlightBytesMax: z
    .int()
    .min(1)
    .default(64 * MIB),
  /** Most calls outstanding, sent or waiting, exempt ones included; one more is refused with `RPC_QUEUE_FULL`. */
  callsMax: z.int().min(1).default(16_384),
  /** Most bytes of waiting calls; a call that would exceed it is refused with `RPC_QUEUE_FULL`. */
  queueBytesMax: z
    .int()
    .min(0)
    .default(256 * MIB),
  /** How many given-up calls are remembered, so that a reply to one is known for late. */
  abandonedMax: z.int().min(1).max(65_536).default(1_024),
});
export type CallLimits = Readonly<z.output<typeof callLimits>>;

/** Bounds of the calls that one side of a connection serves. */
export const serveLimits = z.strictObject({
  /** Calls being served at which reading from the connection stops; blocking and exempt ones do not count. */
  outstandingCallsMax: z.int().min(1).default(64),
  /** Bytes of calls being served at which reading stops; counted like the calls. */
  outstandingBytesMax: z
    .int()
    .min(1)
    .default(64 * MIB),
  /** Most calls marked as blocking; the handler of one more is told to refuse it. */
  blockingCallsMax: z.int().min(0).default(4_096),
  /** Most bytes of calls marked as blocking. */
  blockingBytesMax: z
    .int()
    .min(0)
    .default(64 * MIB),
});
export type ServeLimits = Readonly<z.output<typeof serveLimits>>;

/** Options of one connection's peer. */
export const rpcPeerOptions = z
  .strictObject({
    ...callLimits.shape,
    ...serveLimits.shape,
    /** Time after which a call without a time of its own is given up, in ms. The default is Gluster's frame-timeout. */
    callTimeoutMs: z.int().min(1).default(1_800_000),
    /** Time in which a silent peer must answer a ping, in ms; `0` sends no pings. The default is Gluster's. */
    pingTimeoutMs: z.int().min(0).default(42_000),
    /** Time in which the other end must close too after `close`, in ms; then the connection is aborted. */
    closeTimeoutMs: z.int().min(1).default(5_000),
    /** The first xid used is the one after it. Two connections need not differ. */
    lastXid: z.int().min(0).max(0xffff_ffff).default(0),
  })
  .refine((options) => options.inFlightMax <= options.callsMax, {
    error: "inFlightMax must not exceed callsMax: the window could never fill",
    path: ["inFlightMax"],
  });
export type RpcPeerOptionsInput = z.input<typeof rpcPeerOptions>;
export type RpcPeerOptions = Readonly<z.output<typeof rpcPeerOptions>>;

/** How a lost connection is made again. */
export const reconnectOptions = z
  .strictObject({
    /** Pause before the first attempt after a loss, before jitter, in ms; doubled with each failure. */
    delayMinMs: z.int().min(1).default(100),
    /** Longest pause between attempts, before jitter, in ms. The default is the fixed pause of Gluster. */
    delayMaxMs: z.int().min(1).default(3_000),
    /** Time in which a connection must be made and shake hands, in ms. */
    attemptTimeoutMs: z.int().min(1).default(20_000),
    /** Attempts of `start` before it fails; once up, attempts go on for ever. */
    startAttemptsMax: z.int().min(1).default(1),
  })
  .refine((options) => options.delayMinMs <= options.delayMaxMs, {
    error: "delayMinMs must not exceed delayMaxMs",
    path: ["delayMinMs"],
  });
export type ReconnectOptions = Readonly<z.output<typeof reconnectOptions>>;

/** Options of a client that reconnects. */
export const rpcClientOptions = z.strictObject({
  peer: rpcPeerOptions.prefault({}),
  reconnect: reconnectOptions.prefault({}),
  /** What happens to a call made while there is no connection: it waits for its time, or fails at once. */
  whileDown: z.enum(["wait", "fail"]).default("wait"),
});
export type RpcClientOptionsInput = z.input<typeof rpcClientOptions>;
export type RpcClientOptions = Readonly<z.output<typeof rpcClientOptions>>;
