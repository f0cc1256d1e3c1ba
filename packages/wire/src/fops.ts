import { type CodecValue, decodeBody, encodeBody } from "./codec.js";
import { type Dict } from "./dict.js";
import { dataFops } from "./fops-data.js";
import { entryFops } from "./fops-entry.js";
import { inodeFops } from "./fops-inode.js";
import { lockFops } from "./fops-lock.js";
import type { Procedure } from "./procedure.js";

/** Procedure number of NULL: no arguments, no results, and thus not in the table. */
export const FOP_NULL = 0;
/** Procedure number of the COMPOUND of old: removed; bricks answer that its arguments are garbage. */
export const FOP_COMPOUND = 49;

/**
 * Every fop of program 1298437 version 400, by name: its number, and its fields in wire order.
 * Source: measured, the vectors `fop-*`, but for NAMELINK, and the replies of PUT and ICREATE.
 */
export const fops = { ...inodeFops, ...entryFops, ...dataFops, ...lockFops } as const;

/** Name of a fop in the table {@link fops}. */
export type FopName = keyof typeof fops;
/** The arguments of fop `N`. */
export type FopRequest<N extends FopName> = CodecValue<(typeof fops)[N]["request"]>;
/** The results of fop `N`. */
export type FopReply<N extends FopName> = CodecValue<(typeof fops)[N]["reply"]>;

// A mapped type, so that indexing it with a type parameter keeps request and reply of one fop together.
const table: { readonly [N in FopName]: Procedure<FopRequest<N>, FopReply<N>> } = fops;
const nameByNumber: readonly (FopName | undefined)[] = (() => {
  const names: (FopName | undefined)[] = [];
  for (const name of Object.keys(fops) as FopName[]) names[fops[name].number] = name;
  return names;
})();

/** Name of the fop with procedure number `number`; `undefined` for NULL, COMPOUND and numbers beyond 56. */
export function fopByNumber(number: number): FopName | undefined {
  return nameByNumber[number];
}

/**
 * The arguments of a fop as the body of a call.
 * @returns one chunk, and the payload of WRITE and PUT as a second one, not copied.
 * @throws {@link WireError} `WIRE_VALUE`.
 */
export function encodeFopRequest<N extends FopName>(name: N, request: FopRequest<N>): readonly Uint8Array[] {
  return encodeBody(table[name].request, request);
}

/**
 * The body of a call as the arguments of a fop. A `payload` is a view of `body`, all else is copied.
 * @throws {@link WireError} any code of the `WIRE_` family but `WIRE_VALUE`.
 */
export function decodeFopRequest<N extends FopName>(name: N, body: Uint8Array): FopRequest<N> {
  return decodeBody(table[name].request, body);
}

/**
 * The results of a fop as the body of a reply.
 * @returns one chunk, and the payload of READ as a second one, not copied.
 * @throws {@link WireError} `WIRE_VALUE`.
 */
export function encodeFopReply<N extends FopName>(name: N, reply: FopReply<N>): readonly Uint8Array[] {
  return encodeBody(table[name].reply, reply);
}

/**
 * The body of a reply as the results of a fop. A `payload` is a view of `body`, all else is copied.
 * @throws {@link WireError} any code of the `WIRE_` family but `WIRE_VALUE`.
 */
export function decodeFopReply<N extends FopName>(name: N, body: Uint8Array): FopReply<N> {
  return decodeBody(table[name].reply, body);
}

/**
 * A reply that says a fop failed: `opRet` −1, everything else zero, empty or none.
 * @param errno a Linux error number, {@link Errno}.
 */
export function failedReply<N extends FopName>(
  name: N,
  errno: number,
  xdata: Dict | null = null,
): FopReply<N> {
  return { ...table[name].reply.zero, opRet: -1, opErrno: errno, xdata };
}
