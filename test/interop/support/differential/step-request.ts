import { type FopInput } from "@brickshift/brick-client";
import {
  bytesValue,
  type Dict,
  type DictValue,
  type FopName,
  type Gfid,
  gfidValue,
  NO_IATT,
  NULL_GFID,
  parseGfid,
  uintValue,
} from "@brickshift/wire";
import type { Step, Written } from "./step.js";

/** The gfid of a script's object: of one number in each run, and the same on both bricks. */
export function objectGfid(run: number, object: number): Gfid {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return object < 0 ? NULL_GFID : parseGfid(`${hex(run, 8)}-d1ff-4000-8000-${hex(object, 12)}`);
}

/**
 * The request that a step stands for. In dictionaries a text is bytes, a number an unsigned integer, `{ gfid }` an
 * object's, `{ hex }` bytes; a payload is one byte many times.
 *
 * @param fds the client's fd of each slot.
 */
export function stepRequest(step: Step, run: number, fds: ReadonlyMap<number, bigint>): FopInput<FopName> {
  const request: Record<string, unknown> = {};
  for (const [field, written] of Object.entries(step.input))
    request[field] = valueOf(field, written, run, fds);
  return request;
}

function valueOf(field: string, written: Written, run: number, fds: ReadonlyMap<number, bigint>): unknown {
  switch (field) {
    case "gfid":
    case "pargfid":
    case "oldgfid":
    case "newgfid":
    case "gfid1":
    case "gfid2":
      return objectGfid(run, written as number);
    case "fd":
    case "fdIn":
    case "fdOut":
      return (written as number) < 0 ? BigInt(written as number) : fds.get(written as number);
    case "dict":
    case "xdata":
      return dictOf(written as { readonly [key: string]: Written }, run);
    case "payload": {
      const { byte, length } = written as { readonly byte: number; readonly length: number };
      // Every place differs from its neighbours, so that bytes that moved show.
      return Uint8Array.from({ length }, (_, index) => (byte + index) & 0xff);
    }
    case "stbuf":
      return { ...NO_IATT, ...(written as object) };
    case "flock": {
      const { start, len, ...flock } = written as { readonly start: number; readonly len: number };
      return { ...flock, start: BigInt(start), len: BigInt(len), lkOwner: new Uint8Array() };
    }
    case "dev":
      return BigInt(written as number);
    default:
      return written;
  }
}

function dictOf(written: { readonly [key: string]: Written }, run: number): Dict {
  return new Map(Object.entries(written).map(([key, value]) => [key, dictValueOf(value, run)]));
}

function dictValueOf(value: Written, run: number): DictValue {
  if (typeof value === "number") return uintValue(value);
  if (typeof value === "string") return bytesValue(new TextEncoder().encode(value));
  const { gfid, hex } = value as { readonly gfid?: number; readonly hex?: string };
  if (gfid !== undefined) return gfidValue(objectGfid(run, gfid));
  return bytesValue(Buffer.from(hex ?? "", "hex"));
}
