import { WireError } from "./errors.js";
import type { Gfid } from "./ids.js";
import { decodeName, nameToBytes } from "./names.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** A range of a file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** One name of an inode: the directory and the name in it. */
export interface ParentLink {
  readonly pargfid: Gfid;
  readonly bname: string;
}

const extentBytes = 16;

/** 16 bytes for each: offset and length. @throws {@link WireError} `WIRE_VALUE`. */
export function encodeExtents(extents: readonly Extent[]): Uint8Array {
  const writer = new XdrWriter(extents.length * extentBytes);
  for (const { offset, length } of extents) {
    writer.u64Number(offset);
    writer.u64Number(length);
  }
  return writer.finish()[0] as Uint8Array;
}

/** @throws {@link WireError} `WIRE_LENGTH` for half an extent, `WIRE_NUMBER_RANGE`. */
export function decodeExtents(bytes: Uint8Array): readonly Extent[] {
  if (bytes.length % extentBytes !== 0) throw new WireError("WIRE_LENGTH", "an extent is 16 bytes");
  const reader = new XdrReader(bytes);
  const extents: Extent[] = [];
  while (reader.remaining > 0) extents.push({ offset: reader.u64Number(), length: reader.u64Number() });
  return extents;
}

/** For each the parent's gfid, the name's length in 32 bits, the name; no padding. */
export function encodeLinks(links: readonly ParentLink[]): Uint8Array {
  const writer = new XdrWriter();
  for (const { pargfid, bname } of links) {
    const name = nameToBytes(bname);
    writer.gfid(pargfid);
    writer.u32(name.length);
    writer.fixed(name);
  }
  return writer.finish()[0] as Uint8Array;
}

/** @throws {@link WireError} `WIRE_TRUNCATED`. */
export function decodeLinks(bytes: Uint8Array): readonly ParentLink[] {
  const reader = new XdrReader(bytes);
  const links: ParentLink[] = [];
  while (reader.remaining > 0) {
    const pargfid = reader.gfid();
    links.push({ pargfid, bname: decodeName(reader.fixed(reader.u32())) });
  }
  return links;
}
