import {
  callbackByNumber,
  callbacks,
  type Codec,
  decodeBody,
  dump,
  encodeBody,
  fopByNumber,
  fops,
  handshake,
  portmap,
  type Program,
  programs,
} from "@brickshift/wire";

/** One procedure as the tap knows it. A callback has no reply. */
export interface KnownProcedure {
  /** Program and procedure, such as `fop WRITE`. */
  readonly name: string;
  readonly request: Codec<unknown>;
  readonly reply: Codec<unknown> | undefined;
}

type Tables = readonly (readonly [keyof typeof programs, Readonly<Record<string, TableEntry>>])[];
interface TableEntry {
  readonly number: number;
  readonly name: string;
  readonly request: Codec<unknown>;
  readonly reply: Codec<unknown>;
}

const tables = [
  ["dump", dump],
  ["handshake", handshake],
  ["portmap", portmap],
] as unknown as Tables;

/** A procedure without arguments and results, which every program has as number 0. */
const nothing: Codec<unknown> = { read: () => ({}), write: () => {}, zero: {} };

/** The codecs of a procedure; `undefined` when the wire package knows none. */
export function procedureOf(program: number, version: number, procedure: number): KnownProcedure | undefined {
  const is = (known: Program) => known.number === program && known.version === version;
  if (is(programs.callback)) {
    const name = callbackByNumber(procedure);
    if (name === undefined) return undefined;
    const { name: title, request } = callbacks[name];
    return { name: `callback ${title}`, request, reply: undefined };
  }
  if (is(programs.fop)) {
    if (procedure === 0) return { name: "fop NULL", request: nothing, reply: nothing };
    const name = fopByNumber(procedure);
    if (name === undefined) return undefined;
    const { name: title, request, reply } = fops[name] as unknown as TableEntry;
    return { name: `fop ${title}`, request, reply };
  }
  for (const [key, table] of tables) {
    if (!is(programs[key])) continue;
    if (procedure === 0) return { name: `${key} NULL`, request: nothing, reply: nothing };
    const entry = Object.values(table).find(({ number }) => number === procedure);
    return entry && { name: `${key} ${entry.name}`, request: entry.request, reply: entry.reply };
  }
  return undefined;
}

/** Decodes a body to its last byte, and encodes what came of it again. */
export function throughCodec(codec: Codec<unknown>, body: Uint8Array) {
  const value = decodeBody(codec, body);
  return { value, chunks: encodeBody(codec, value) };
}
