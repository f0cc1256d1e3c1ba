import type { CallOptions } from "@brickshift/rpc";
import {
  type FopName,
  type FopReply,
  type FopRequest,
  fops,
  type Gfid,
  type GlusterV3Auth,
  nameByteLength,
  NULL_GFID,
} from "@brickshift/wire";

/**
 * Fields of requests that may be left out: zero, or none. `size` of a write is that of its payload, `namelen`
 * the length of the name, or for entry locks whether there is one.
 */
type OptionalField = "xdata" | "flag" | "umask" | "xflags" | "namelen";
type OptionalOf<N extends FopName> = (
  | OptionalField
  | (N extends "write" | "put" ? "size" : never)
  | (N extends "lookup" ? "flags" : never)
) &
  keyof FopRequest<N>;

/** The arguments of fop `N`. */
export type FopInput<N extends FopName> = Omit<FopRequest<N>, OptionalOf<N>> &
  Partial<Pick<FopRequest<N>, OptionalOf<N>>>;

/**
 * The answer of a fop that succeeded, `opRet` being what its fop says: bytes read or written, entries, or 0. `opErrno`
 * means something for READ, READDIR and READDIRP only: ENOENT when the end was reached.
 *
 * The `payload` of READ is a view on the record that came, the caller's until `release` hands the record
 * back for reuse; calling that is never required.
 */
export type FopResult<N extends FopName> = N extends "read"
  ? FopReply<"read"> & { readonly release: () => void }
  : FopReply<N>;

/** How a fop is made. */
export interface FopOptions extends CallOptions {
  /** For whom it is made, where that differs from the client's `auth`. */
  readonly auth?: Partial<Omit<GlusterV3Auth, "flavor">>;
}

/** One method for each fop, by name. */
export type FopMethods = {
  readonly [N in FopName]: (input: FopInput<N>, options?: FopOptions) => Promise<FopResult<N>>;
};

const names = Object.keys(fops) as readonly FopName[];

const defaults: Readonly<Record<string, unknown>> = { xdata: null, flag: 0, umask: 0, xflags: 0 };

/** For each fop, what its request says where the caller says nothing. */
const requestDefaults = Object.fromEntries(
  names.map((name) => {
    const kept = Object.keys(fops[name].request.zero).filter((field) => field in defaults);
    const own = name === "lookup" ? [["flags", 0]] : [];
    return [name, Object.fromEntries([...kept.map((field) => [field, defaults[field]]), ...own])];
  }),
) as Readonly<Record<FopName, Readonly<Record<string, unknown>>>>;

/** The request that `input` stands for. */
export function completeRequest<N extends FopName>(name: N, input: FopInput<N>): FopRequest<N> {
  const derived = derivations[name]?.(input as unknown as Parameters<Derive>[0]);
  // A spread of several objects takes ten times as long.
  return Object.assign({}, requestDefaults[name], derived, input) as unknown as FopRequest<N>;
}

type Derive = (input: {
  readonly payload: Uint8Array;
  readonly name: string;
}) => Readonly<Record<string, unknown>>;
const payloadSize: Derive = ({ payload }) => ({ size: payload.length });
const nameLength: Derive = ({ name }) => ({ namelen: nameByteLength(name) });
const hasName: Derive = ({ name }) => ({ namelen: name === "" ? 0 : 1 });

/** Fields that follow from others. */
const derivations: { readonly [N in FopName]?: Derive } = {
  write: payloadSize,
  put: payloadSize,
  getxattr: nameLength,
  fgetxattr: nameLength,
  entrylk: hasName,
  fentrylk: hasName,
};

/** The methods that make each fop by `call`. */
export function fopMethods(
  call: <N extends FopName>(name: N, input: FopInput<N>, options?: FopOptions) => Promise<FopResult<N>>,
): FopMethods {
  const method =
    <N extends FopName>(name: N) =>
    (input: FopInput<N>, options?: FopOptions) =>
      call(name, input, options);
  return Object.fromEntries(names.map((name) => [name, method(name)])) as unknown as FopMethods;
}

/**
 * Fops that wait for others, or end the wait of others. They go past the window: locks that wait in it
 * would keep out the very unlock that they wait for.
 */
export const exemptFops: ReadonlySet<FopName> = new Set([
  "lk",
  "inodelk",
  "finodelk",
  "entrylk",
  "fentrylk",
  "lease",
  "release",
  "releasedir",
] as const);

/** The inode, or else the parent, that a request is about; for messages. */
export function gfidOf(request: object): Gfid | undefined {
  const { gfid, pargfid, oldgfid, gfid1 } = request as Readonly<Record<string, Gfid | undefined>>;
  return (gfid === NULL_GFID ? undefined : gfid) ?? pargfid ?? oldgfid ?? gfid1;
}
