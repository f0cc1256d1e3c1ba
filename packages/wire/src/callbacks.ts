import { type Codec, type CodecValue, type Fields, struct, type StructValue } from "./codec.js";
import { oldDict } from "./old-dict.js";
import { gfidText, oldIatt } from "./old-iatt.js";
import { gfid, i32, name, u32 } from "./primitives.js";
import { flock } from "./structs.js";

/** One call of a brick to its client; nobody answers it. */
export interface Callback<Request> {
  readonly number: number;
  readonly name: string;
  readonly request: Codec<Request>;
}

/**
 * The calls that servers make on the connections of their clients. Dictionaries and attributes have the old
 * forms. A client ignores numbers it does not know.
 * Source: measured, vectors `cbk-*`, but for INO_FLUSH, EVENT_NOTIFY, GET_SNAPS, CHILD_UP, CHILD_DOWN and
 * ENTRYLK_CONTENTION, which are from their definitions.
 */
export const callbacks = {
  fetchspec: callback(1, "FETCHSPEC", {}),
  inoFlush: callback(2, "INO_FLUSH", {}),
  eventNotify: callback(3, "EVENT_NOTIFY", { op: i32, dict: oldDict }),
  getSnaps: callback(4, "GET_SNAPS", { dict: oldDict }),
  /** `flags` are {@link InvalidationFlags}; the times are for how long a client may cache, in seconds. */
  cacheInvalidation: callback(5, "CACHE_INVALIDATION", {
    gfid: gfidText,
    eventType: u32,
    flags: u32,
    expireTimeAttr: u32,
    stat: oldIatt,
    parentStat: oldIatt,
    oldparentStat: oldIatt,
    xdata: oldDict,
  }),
  childUp: callback(6, "CHILD_UP", {}),
  childDown: callback(7, "CHILD_DOWN", {}),
  /** The client is to give back every lease it holds on `gfid`; `leaseType` is what it may keep, always 0. */
  recallLease: callback(8, "RECALL_LEASE", { gfid, leaseType: u32, tid: gfid, xdata: oldDict }),
  statedump: callback(9, "STATEDUMP", { pid: u32 }),
  inodelkContention: callback(10, "INODELK_CONTENTION", {
    gfid,
    flock,
    pid: u32,
    domain: name,
    xdata: oldDict,
  }),
  entrylkContention: callback(11, "ENTRYLK_CONTENTION", {
    gfid,
    type: u32,
    pid: u32,
    name,
    domain: name,
    xdata: oldDict,
  }),
} as const;

/** Name of a callback in the table {@link callbacks}. */
export type CallbackName = keyof typeof callbacks;
/** The arguments of callback `N`. */
export type CallbackRequest<N extends CallbackName> = CodecValue<(typeof callbacks)[N]["request"]>;

const nameByNumber: ReadonlyMap<number, CallbackName> = new Map(
  (Object.keys(callbacks) as CallbackName[]).map((key) => [callbacks[key].number, key] as const),
);

/** Name of the callback with procedure number `number`; `undefined` when there is none. */
export function callbackByNumber(number: number): CallbackName | undefined {
  return nameByNumber.get(number);
}

function callback<const Q extends Fields>(
  number: number,
  name: string,
  request: Q,
): Callback<StructValue<Q>> {
  return { number, name, request: struct(request) };
}
