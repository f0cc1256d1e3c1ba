import type { Dict, DictValue, OldDict } from "../../src/index.js";
import { toHex } from "./vectors.js";

/** Lists have in the vectors the names of their C structs: in calls, in replies. */
const listNames: Readonly<Record<string, readonly [string, string]>> = {
  programs: ["prog", "prog"],
  entries: ["request", "reply"],
  locks: ["request", "reply"],
};
const dictNames = new Set(["xdata", "dict", "xattr"]);
const plainNames = new Set(["gfid", "mode"]);

/** Which conventions hold: fops have typed dictionaries, all other programs old ones. */
export interface FormContext {
  readonly isCall: boolean;
  readonly isFop: boolean;
}

/**
 * What our decoders return, in the conventions of the vectors: snake case, `ia_` before attributes, bytes as
 * hex, dictionaries with their sizes, every integer a bigint. The sizes are computed here, apart from the codecs.
 */
export function vectorForm(value: unknown, context: FormContext): unknown {
  if (typeof value === "number") return BigInt(value);
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((element) => vectorForm(element, context));
  if (typeof value !== "object" || value === null) return value;
  const isDirent = "offset" in value && "ino" in value && "name" in value;
  const out: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const name = isDirent ? direntName(key) : "atimeNsec" in value ? iattName(key) : snakeCase(key);
    out[listNames[key]?.[context.isCall ? 0 : 1] ?? name] = memberForm(key, member, context);
  }
  if (isDirent) out["d_len"] = BigInt(bytesOf((value as { name: string }).name));
  return out;
}

function memberForm(key: string, member: unknown, context: FormContext): unknown {
  if (member instanceof Map || dictNames.has(key)) {
    return context.isFop ? dictForm(member as Dict | null) : oldDictForm(member as OldDict | null);
  }
  if (key === "tid" || key === "leaseId") return String(member).replaceAll("-", "");
  return vectorForm(member, context);
}

function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function iattName(key: string): string {
  return plainNames.has(key) ? key : `ia_${snakeCase(key)}`;
}

function direntName(key: string): string {
  return { ino: "d_ino", offset: "d_off", type: "d_type" }[key] ?? key;
}

/** A typed dictionary, also an absent one. */
export function dictForm(dict: Dict | null): unknown {
  const pairs = [...(dict ?? [])];
  const size = pairs.reduce((sum, [key, value]) => sum + 8 + padded(bytesOf(key) + 1) + valueBytes(value), 0);
  return {
    xdr_size: BigInt(size),
    count: dict === null ? -1n : BigInt(pairs.length),
    pairs: pairs.map(([key, value]) => ({ key, type: typeName(value), value: valueForm(value) })),
  };
}

/** An untyped dictionary, also an absent one. */
export function oldDictForm(dict: OldDict | null): unknown {
  const pairs = [...(dict ?? [])];
  const size = pairs.reduce((sum, [key, value]) => sum + 9 + bytesOf(key) + value.length, 4);
  return {
    len: dict === null ? 0n : BigInt(size),
    pairs: pairs.map(([key, value]) => {
      const shown = { key, value_len: BigInt(value.length) };
      const text = printable(value);
      return value.at(-1) === 0 && text !== undefined ? { ...shown, text } : { ...shown, hex: toHex(value) };
    }),
  };
}

function typeName(value: DictValue): string {
  return value.type.toUpperCase().replace("-", "_");
}

function valueForm(value: DictValue): unknown {
  if (!(value.value instanceof Uint8Array)) return vectorForm(value.value, { isCall: false, isFop: true });
  const text = printable(value.value);
  const shown = { hex: toHex(value.value), len: BigInt(value.value.length) };
  return text === undefined ? shown : { ...shown, text };
}

function valueBytes(value: DictValue): number {
  if (value.value instanceof Uint8Array) return 4 + padded(value.value.length);
  return { gfuuid: 16, iatt: 148, mdata: 36, int: 8, uint: 8, double: 8 }[value.type as "int"];
}

function printable(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString("latin1").replace(/\0+$/, "");
  return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
