import type { Codec } from "./codec.js";
import { type Gfid, type LeaseId, leaseIdFromBytes, leaseIdToBytes, NULL_GFID } from "./ids.js";

const noBytes = new Uint8Array(0);

/** Unsigned 32 bits. */
export const u32: Codec<number> = {
  read: (reader) => reader.u32(),
  write: (writer, value) => writer.u32(value),
  zero: 0,
};

/** Signed 32 bits. */
export const i32: Codec<number> = {
  read: (reader) => reader.i32(),
  write: (writer, value) => writer.i32(value),
  zero: 0,
};

/** Unsigned 64 bits that need them all: cookies, inode numbers, ids. */
export const u64: Codec<bigint> = {
  read: (reader) => reader.u64(),
  write: (writer, value) => writer.u64(value),
  zero: 0n,
};

/** Signed 64 bits: file descriptors. */
export const i64: Codec<bigint> = {
  read: (reader) => reader.i64(),
  write: (writer, value) => writer.i64(value),
  zero: 0n,
};

/** An offset or a size: 64 bits of which 53 may be used. */
export const size64: Codec<number> = {
  read: (reader) => reader.u64Number(),
  write: (writer, value) => writer.u64Number(value),
  zero: 0,
};

/** Seconds since 1970, signed: 64 bits of which 53 may be used. */
export const seconds64: Codec<number> = {
  read: (reader) => reader.i64Number(),
  write: (writer, value) => writer.i64Number(value),
  zero: 0,
};

/** IEEE 754 double. */
export const double: Codec<number> = {
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(value),
  zero: 0,
};

/** 16 bytes: the identity of an inode. */
export const gfid: Codec<Gfid> = {
  read: (reader) => reader.gfid(),
  write: (writer, value) => writer.gfid(value),
  zero: NULL_GFID,
};

/** 16 bytes: the identity of a lease. */
export const leaseId: Codec<LeaseId> = {
  read: (reader) => leaseIdFromBytes(reader.fixed(16)),
  write: (writer, value) => writer.fixed(leaseIdToBytes(value)),
  zero: "00000000000000000000000000000000" as LeaseId,
};

/** A string of any bytes, as PEP 383 text. */
export const name: Codec<string> = {
  read: (reader) => reader.name(),
  write: (writer, value) => writer.name(value),
  zero: "",
};

/** Variable-length bytes, copied when read, so that they may outlive the record. */
export const opaque: Codec<Uint8Array> = boundedOpaque(0xffff_ffff);

/** As {@link opaque}, with a bound. @throws {@link WireError} `WIRE_LENGTH` beyond it. */
export function boundedOpaque(lengthMax: number): Codec<Uint8Array> {
  return {
    read: (reader) => reader.opaque(lengthMax).slice(),
    write: (writer, value) => writer.opaque(value),
    zero: noBytes,
  };
}

/** What follows the XDR body of READ replies, WRITE and PUT calls: read as a view, written uncopied. */
export const payload: Codec<Uint8Array> = {
  read: (reader) => reader.rest(),
  write: (writer, value) => writer.payload(value),
  zero: noBytes,
};
