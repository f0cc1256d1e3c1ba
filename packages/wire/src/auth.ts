import { WireError } from "./errors.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** Who calls, in every Gluster flavour since 3.x. */
export interface GlusterCaller {
  /** Process id of the application; negative for internal clients, which leases do not bind. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Owner of locks, any bytes: with the client's identity it tells lock holders apart. */
  readonly lkOwner: Uint8Array;
}

/** Nobody: callbacks and tools. */
export interface NullAuth {
  readonly flavor: "null";
}

/** The flavour of RFC 5531. */
export interface UnixAuth {
  readonly flavor: "unix";
  readonly stamp: number;
  readonly machineName: string;
  readonly uid: number;
  readonly gid: number;
  /** At most 16. */
  readonly groups: readonly number[];
}

/** The flavour of releases before 3.3: 16 groups at most, an 8-byte lock owner. Not captured. */
export interface GlusterV1Auth extends GlusterCaller {
  readonly flavor: "glusterV1";
}

/** The flavour before the handshake has shown a 4.x brick. */
export interface GlusterV2Auth extends GlusterCaller {
  readonly flavor: "glusterV2";
}

/** The flavour of every fop of a 4.x client: v2 and the time of the operation. */
export interface GlusterV3Auth extends GlusterCaller {
  readonly flavor: "glusterV3";
  /** Which times the fop updates, {@link TimeFlags}. */
  readonly flags: number;
  readonly ctimeNsec: number;
  /** Seconds since 1970; 0 when the client does not set times. */
  readonly ctimeSec: bigint;
}

/** A flavour that is none of ours: stock bricks take it for {@link NullAuth}. */
export interface UnknownAuth {
  readonly flavor: "unknown";
  readonly number: number;
  readonly body: Uint8Array;
}

/** The credential of a call. */
export type Auth = NullAuth | UnixAuth | GlusterV1Auth | GlusterV2Auth | GlusterV3Auth | UnknownAuth;

/** Bits of {@link GlusterV3Auth.flags}. */
export const TimeFlags = {
  ctime: 0x1,
  mtime: 0x2,
  atime: 0x4,
  parentCtime: 0x8,
  parentMtime: 0x10,
  parentAtime: 0x20,
} as const;

/** Nobody. */
export const NULL_AUTH: NullAuth = { flavor: "null" };

/** Most bytes of a credential or verifier. Source: RFC 5531 §8.2. */
export const AUTH_BYTES_MAX = 400;

const flavorNumbers = { null: 0, unix: 1, glusterV1: 5, glusterV2: 390_039, glusterV3: 390_040 } as const;
const unixGroupsMax = 16;
/** Groups plus bytes of the lock owner. The sum mixes units; it is what stock peers check. */
const v2RoomMax = 95;
const v3RoomMax = 91;

/**
 * The lock owner of a call that has none: the pid in four bytes, little-endian, as stock clients send it.
 * Source: measured, nearly every call of the fop vectors.
 */
export function lkOwnerOfPid(pid: number): Uint8Array {
  const owner = new Uint8Array(4);
  new DataView(owner.buffer).setInt32(0, pid, true);
  return owner;
}

/**
 * Reads flavour, length and body.
 * @throws {@link WireError} `WIRE_LENGTH` beyond 400 bytes, `WIRE_AUTH` when the body is not of its flavour.
 * Source: measured, both flavours in the fop vectors; v1 from its definition.
 */
export function readAuth(reader: XdrReader): Auth {
  const number = reader.u32();
  const body = reader.opaque(AUTH_BYTES_MAX);
  try {
    return readBody(number, body);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new WireError("WIRE_AUTH", `the credential is not of flavour ${number}`, { cause: error });
  }
}

/** Writes flavour, length and body. @throws {@link WireError} `WIRE_VALUE` when a stock peer would refuse it. */
export function writeAuth(writer: XdrWriter, auth: Auth): void {
  writer.u32(auth.flavor === "unknown" ? auth.number : flavorNumbers[auth.flavor]);
  const lengthAt = writer.offset;
  writer.u32(0);
  writeBody(writer, auth);
  const length = writer.offset - lengthAt - 4;
  if (length > AUTH_BYTES_MAX) throw new WireError("WIRE_VALUE", `a credential of ${length} bytes`);
  writer.patchU32(lengthAt, length);
}

function readBody(number: number, body: Uint8Array): Auth {
  if (number === flavorNumbers.null && body.length === 0) return NULL_AUTH;
  const reader = new XdrReader(body);
  const auth = readKnown(number, reader);
  if (auth === undefined) return { flavor: "unknown", number, body: body.slice() };
  reader.end();
  return auth;
}

function readKnown(number: number, reader: XdrReader): Auth | undefined {
  switch (number) {
    case flavorNumbers.null:
      return NULL_AUTH;
    case flavorNumbers.unix: {
      const [stamp, machineName, uid, gid] = [reader.u32(), reader.name(), reader.u32(), reader.u32()];
      return { flavor: "unix", stamp, machineName, uid, gid, groups: readGroups(reader, unixGroupsMax) };
    }
    case flavorNumbers.glusterV1:
      return readV1(reader);
    case flavorNumbers.glusterV2:
      return {
        flavor: "glusterV2",
        pid: reader.i32(),
        uid: reader.u32(),
        gid: reader.u32(),
        groups: readGroups(reader, AUTH_BYTES_MAX),
        lkOwner: reader.opaque().slice(),
      };
    case flavorNumbers.glusterV3:
      return {
        flavor: "glusterV3",
        pid: reader.i32(),
        uid: reader.u32(),
        gid: reader.u32(),
        flags: reader.u32(),
        ctimeNsec: reader.u32(),
        ctimeSec: reader.u64(),
        groups: readGroups(reader, AUTH_BYTES_MAX),
        lkOwner: reader.opaque().slice(),
      };
    default:
      return undefined;
  }
}

function readV1(reader: XdrReader): GlusterV1Auth {
  const lkOwner = reader.fixed(8).slice();
  const [pid, uid, gid, count] = [reader.i32(), reader.u32(), reader.u32(), reader.u32()];
  if (count > unixGroupsMax) throw new WireError("WIRE_LENGTH", `${count} groups`);
  const slots = Array.from({ length: unixGroupsMax }, () => reader.u32());
  return { flavor: "glusterV1", pid, uid, gid, groups: slots.slice(0, count), lkOwner };
}

function readGroups(reader: XdrReader, countMax: number): readonly number[] {
  const count = reader.u32();
  if (count > countMax) throw new WireError("WIRE_LENGTH", `${count} groups`);
  const groups: number[] = [];
  for (let index = 0; index < count; index += 1) groups.push(reader.u32());
  return groups;
}

function writeBody(writer: XdrWriter, auth: Auth): void {
  switch (auth.flavor) {
    case "null":
      return;
    case "unix":
      if (auth.groups.length > unixGroupsMax)
        throw new WireError("WIRE_VALUE", `${auth.groups.length} groups`);
      writer.u32(auth.stamp);
      writer.name(auth.machineName);
      writer.u32(auth.uid);
      writer.u32(auth.gid);
      return writeGroups(writer, auth.groups);
    case "glusterV1":
      return writeV1(writer, auth);
    case "glusterV2":
      checkRoom(auth, v2RoomMax);
      writeIds(writer, auth);
      writeGroups(writer, auth.groups);
      return writer.opaque(auth.lkOwner);
    case "glusterV3":
      checkRoom(auth, v3RoomMax);
      writeIds(writer, auth);
      writer.u32(auth.flags);
      writer.u32(auth.ctimeNsec);
      writer.u64(auth.ctimeSec);
      writeGroups(writer, auth.groups);
      return writer.opaque(auth.lkOwner);
    case "unknown":
      if (auth.body.length % 4 !== 0) throw new WireError("WIRE_VALUE", "a credential is whole words");
      return writer.fixed(auth.body);
  }
}

function writeV1(writer: XdrWriter, auth: GlusterV1Auth): void {
  if (auth.lkOwner.length !== 8 || auth.groups.length > unixGroupsMax) {
    throw new WireError("WIRE_VALUE", "flavour v1 has an 8-byte lock owner and at most 16 groups");
  }
  writer.fixed(auth.lkOwner);
  writeIds(writer, auth);
  writer.u32(auth.groups.length);
  for (let index = 0; index < unixGroupsMax; index += 1) writer.u32(auth.groups[index] ?? 0);
}

function writeIds(writer: XdrWriter, caller: GlusterCaller): void {
  writer.i32(caller.pid);
  writer.u32(caller.uid);
  writer.u32(caller.gid);
}

function writeGroups(writer: XdrWriter, groups: readonly number[]): void {
  writer.u32(groups.length);
  for (const group of groups) writer.u32(group);
}

function checkRoom(caller: GlusterCaller, roomMax: number): void {
  const room = caller.groups.length + caller.lkOwner.length;
  if (room > roomMax) {
    throw new WireError("WIRE_VALUE", `${room} groups and lock-owner bytes where ${roomMax} are allowed`);
  }
}
