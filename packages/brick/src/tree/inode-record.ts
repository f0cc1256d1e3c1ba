import {
  FileType,
  type Gfid,
  LINK_FILE_PERMISSIONS,
  WireError,
  XdrReader,
  XdrWriter,
} from "@brickshift/wire";
import type { FenceToken, MigrationTarget, PreparedAttributes, Xattrs } from "./tree.js";

/** Name of the xattr that makes a file of mode 01000 a link file. */
export const LINKTO_XATTR = "trusted.glusterfs.dht.linkto";

/** What an inode keeps about the migration it is the target of. */
export interface TargetRecord extends MigrationTarget {
  /** `linkto` it had as a plain link file before it was adopted: abort brings that back. */
  readonly formerLinkto: string | undefined;
  /** Set in phase `prepared`. */
  readonly prepared: PreparedAttributes | undefined;
}

/** One inode as it is stored. Immutable: a change makes a new one. */
export interface InodeRecord {
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly rdev: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Modification time of the blob when the times above were right; a newer blob has newer times. */
  readonly dataStampMs: number;
  /** Length in bytes of the content that is kept with the records; `undefined` for what has a blob, or no content at all. */
  readonly keptBytes: number | undefined;
  /** Cookie of the next entry of a directory. */
  readonly nextCookie: bigint;
  /** Target of a symbolic link, "" for others. */
  readonly symlink: string;
  readonly xattrs: Xattrs;
  readonly target: TargetRecord | undefined;
  /** The migration that brought this file here, so that a second publish is known for what it is. */
  readonly published: FenceToken | undefined;
}

/** Of a file that keeps its content with the records. */
const VERSION = 3;
/** Of all others. */
const VERSION_OF_BLOBS = 2;
/** As that, but its targets say what they were made under. */
const VERSION_OF_PLAIN_TARGETS = 1;
const knownVersions: ReadonlySet<number> = new Set([VERSION, VERSION_OF_BLOBS, VERSION_OF_PLAIN_TARGETS]);

/** Type bits of a record's mode. */
export function typeOf(record: InodeRecord): number {
  return record.mode & FileType.mask;
}

export function isDirectory(record: InodeRecord): boolean {
  return typeOf(record) === FileType.directory;
}

export function isRegular(record: InodeRecord): boolean {
  return typeOf(record) === FileType.regular;
}

/** Name of the brick that a link file points to; `undefined` for what is no link file. Source: DHT's linkfile rule. */
export function linktoOf(record: InodeRecord): string | undefined {
  if (record.mode !== (FileType.regular | LINK_FILE_PERMISSIONS)) return undefined;
  const value = record.xattrs.get(LINKTO_XATTR);
  return value === undefined ? undefined : linktoText(value);
}

/** Value of the linkto xattr as DHT writes it: the text and a NUL. */
export function linktoValue(linkto: string): Uint8Array {
  return Buffer.from(`${linkto}\0`);
}

function linktoText(value: Uint8Array): string {
  const end = value.at(-1) === 0 ? value.length - 1 : value.length;
  return Buffer.from(value.buffer, value.byteOffset, end).toString();
}

export function encodeInode(record: InodeRecord): Uint8Array {
  const writer = new XdrWriter(192);
  // What has grown by being written again a full medium would refuse.
  writer.u32(record.keptBytes === undefined ? VERSION_OF_BLOBS : VERSION);
  writer.u32(record.mode);
  writer.u32(record.uid);
  writer.u32(record.gid);
  writer.u32(record.nlink);
  writer.u64(record.rdev);
  writeTimes(writer, record);
  writer.double(record.dataStampMs);
  writer.u64(record.nextCookie);
  writer.name(record.symlink);
  writeXattrs(writer, record.xattrs);
  writer.u32(record.published === undefined ? 0 : 1);
  if (record.published !== undefined) writeToken(writer, record.published);
  writer.u32(record.target === undefined ? 0 : 1);
  if (record.target !== undefined) writeTarget(writer, record.target);
  if (record.keptBytes !== undefined) writer.u64Number(record.keptBytes);
  return writer.finish()[0] as Uint8Array;
}

/** Xattr values are views of `bytes`. @throws WireError for bytes that are no record. */
export function decodeInode(bytes: Uint8Array): InodeRecord {
  const reader = new XdrReader(bytes);
  const version = reader.u32();
  if (!knownVersions.has(version))
    throw new WireError("WIRE_NUMBER_RANGE", `an inode record of version ${version}`);
  const record: InodeRecord = {
    mode: reader.u32(),
    uid: reader.u32(),
    gid: reader.u32(),
    nlink: reader.u32(),
    rdev: reader.u64(),
    atimeNs: reader.i64(),
    mtimeNs: reader.i64(),
    ctimeNs: reader.i64(),
    dataStampMs: reader.double(),
    nextCookie: reader.u64(),
    symlink: reader.name(),
    xattrs: readXattrs(reader),
    published: readFlag(reader) ? { source: reader.gfid(), fence: reader.u64() } : undefined,
    target: readFlag(reader) ? readTarget(reader, version) : undefined,
    keptBytes: version === VERSION ? reader.u64Number() : undefined,
  };
  reader.end();
  return record;
}

type Times = Pick<InodeRecord, "atimeNs" | "mtimeNs" | "ctimeNs">;

function writeTimes(writer: XdrWriter, times: Times): void {
  writer.i64(times.atimeNs);
  writer.i64(times.mtimeNs);
  writer.i64(times.ctimeNs);
}

const noXattrs: Xattrs = new Map();

function writeXattrs(writer: XdrWriter, xattrs: Xattrs): void {
  writer.u32(xattrs.size);
  for (const [name, value] of xattrs) {
    writer.name(name);
    writer.opaque(value);
  }
}

function readXattrs(reader: XdrReader): Xattrs {
  const count = reader.u32();
  if (count === 0) return noXattrs;
  const xattrs = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index += 1) xattrs.set(reader.name(), reader.opaque());
  return xattrs;
}

function writeToken(writer: XdrWriter, token: { readonly source: Gfid; readonly fence: bigint }): void {
  writer.gfid(token.source);
  writer.u64(token.fence);
}

function writeTarget(writer: XdrWriter, target: TargetRecord): void {
  writeToken(writer, target);
  writer.u64(target.madeUnder);
  writer.u32(target.phase === "filling" ? 0 : 1);
  writer.u32(target.formerLinkto === undefined ? 0 : 1);
  if (target.formerLinkto !== undefined) writer.name(target.formerLinkto);
  writer.u32(target.prepared === undefined ? 0 : 1);
  if (target.prepared === undefined) return;
  const { mode, uid, gid, size, xattrs } = target.prepared;
  writer.u32(mode);
  writer.u32(uid);
  writer.u32(gid);
  writer.u64Number(size);
  writeTimes(writer, target.prepared);
  writeXattrs(writer, xattrs);
}

function readTarget(reader: XdrReader, version: number): TargetRecord {
  const source = reader.gfid();
  const fence = reader.u64();
  return {
    source,
    fence,
    madeUnder: version === VERSION_OF_PLAIN_TARGETS ? fence : reader.u64(),
    phase: readFlag(reader) ? "prepared" : "filling",
    formerLinkto: readFlag(reader) ? reader.name() : undefined,
    prepared: readFlag(reader) ? readPrepared(reader) : undefined,
  };
}

/** Nothing but 0 and 1 is written: anything else is damage, and no guess is made at what it was. */
function readFlag(reader: XdrReader): boolean {
  const flag = reader.u32();
  if (flag > 1) throw new WireError("WIRE_NUMBER_RANGE", `a flag of ${flag}`);
  return flag === 1;
}

function readPrepared(reader: XdrReader): PreparedAttributes {
  return {
    mode: reader.u32(),
    uid: reader.u32(),
    gid: reader.u32(),
    size: reader.u64Number(),
    atimeNs: reader.i64(),
    mtimeNs: reader.i64(),
    ctimeNs: reader.i64(),
    xattrs: readXattrs(reader),
  };
}
