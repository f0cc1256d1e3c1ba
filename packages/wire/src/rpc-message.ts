import { type Auth, AUTH_BYTES_MAX, readAuth, writeAuth } from "./auth.js";
import { WireError } from "./errors.js";
import { XdrReader } from "./xdr-reader.js";
import { XdrWriter } from "./xdr-writer.js";

/** The only version of the RPC protocol. */
export const RPC_VERSION = 2;

/** How an accepted call fared; only `success` carries a body. */
export const AcceptStat = {
  success: 0,
  programUnavailable: 1,
  programMismatch: 2,
  procedureUnavailable: 3,
  garbageArguments: 4,
  systemError: 5,
} as const;

/** Why a call was denied. */
export const RejectStat = { rpcMismatch: 0, authError: 1 } as const;

/** What a call begins with. */
export interface CallHeader {
  /** Transaction id, unsigned 32 bits; the reply repeats it. */
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly auth: Auth;
}

/** The call was taken; `low` and `high` are the versions there are. */
export type AcceptedReply =
  | { readonly xid: number; readonly status: "accepted"; readonly acceptStat: 0 | 1 | 3 | 4 | 5 }
  | {
      readonly xid: number;
      readonly status: "accepted";
      readonly acceptStat: 2;
      readonly low: number;
      readonly high: number;
    };

/** The call was refused before its program was looked at. */
export type DeniedReply =
  | {
      readonly xid: number;
      readonly status: "denied";
      readonly rejectStat: 0;
      readonly low: number;
      readonly high: number;
    }
  | { readonly xid: number; readonly status: "denied"; readonly rejectStat: 1; readonly authStat: number };

/** What a reply begins with. */
export type ReplyHeader = AcceptedReply | DeniedReply;

/** A record taken apart; `body` is a view of it. */
export type RpcMessage =
  | { readonly kind: "call"; readonly header: CallHeader; readonly body: Uint8Array }
  | { readonly kind: "reply"; readonly header: ReplyHeader; readonly body: Uint8Array };

const callType = 0;
const replyType = 1;
const acceptedStat = 0;
const deniedStat = 1;

/**
 * A call as a record without its mark.
 * @param body chunks, handed on and not copied.
 * @throws {@link WireError} `WIRE_VALUE`.
 */
export function encodeCall(header: CallHeader, body: readonly Uint8Array[] = []): Uint8Array[] {
  const writer = new XdrWriter(AUTH_BYTES_MAX + 64);
  writer.u32(header.xid);
  writer.u32(callType);
  writer.u32(RPC_VERSION);
  writer.u32(header.program);
  writer.u32(header.version);
  writer.u32(header.procedure);
  writeAuth(writer, header.auth);
  writeNoVerifier(writer);
  return [...writer.finish(), ...body];
}

/**
 * A reply as a record without its mark.
 * @param body chunks, handed on and not copied; only a success has one.
 * @throws {@link WireError} `WIRE_VALUE`.
 */
export function encodeReply(header: ReplyHeader, body: readonly Uint8Array[] = []): Uint8Array[] {
  const writer = new XdrWriter(64);
  writer.u32(header.xid);
  writer.u32(replyType);
  if (header.status === "accepted") {
    writer.u32(acceptedStat);
    writeNoVerifier(writer);
    writer.u32(header.acceptStat);
  } else {
    writer.u32(deniedStat);
    writer.u32(header.rejectStat);
    if (header.rejectStat === RejectStat.authError) writer.u32(header.authStat);
  }
  if ("low" in header) {
    writer.u32(header.low);
    writer.u32(header.high);
  }
  if (!hasBody(header) && body.length > 0) throw new WireError("WIRE_VALUE", "only a success has a body");
  return [...writer.finish(), ...body];
}

/**
 * Takes a record apart, without its mark.
 * @throws {@link WireError} `WIRE_MESSAGE_TYPE`, `WIRE_RPC_VERSION`, `WIRE_AUTH`, `WIRE_LENGTH`,
 * `WIRE_TRUNCATED`, `WIRE_TRAILING_BYTES`. To answer the middle two, see {@link peekXid}.
 * Source: RFC 5531 §9; measured, vectors `rpc-errors`.
 */
export function decodeMessage(record: Uint8Array): RpcMessage {
  const reader = new XdrReader(record);
  const xid = reader.u32();
  const type = reader.u32();
  if (type === callType) {
    const header = readCallHeader(reader, xid);
    return { kind: "call", header, body: reader.rest() };
  }
  if (type !== replyType) throw new WireError("WIRE_MESSAGE_TYPE", `${type} is neither a call nor a reply`);
  const header = readReplyHeader(reader, xid);
  if (!hasBody(header)) reader.end();
  return { kind: "reply", header, body: reader.rest() };
}

/** The xid of a record that does not decode, to answer it all the same; `undefined` when it is too short. */
export function peekXid(record: Uint8Array): number | undefined {
  return record.length < 4 ? undefined : new XdrReader(record).u32();
}

function readCallHeader(reader: XdrReader, xid: number): CallHeader {
  const rpcVersion = reader.u32();
  if (rpcVersion !== RPC_VERSION) throw new WireError("WIRE_RPC_VERSION", `RPC version ${rpcVersion}`);
  const [program, version, procedure] = [reader.u32(), reader.u32(), reader.u32()];
  const auth = readAuth(reader);
  skipVerifier(reader);
  return { xid, program, version, procedure, auth };
}

function readReplyHeader(reader: XdrReader, xid: number): ReplyHeader {
  const status = reader.u32();
  if (status === deniedStat) return readDenied(reader, xid);
  if (status !== acceptedStat) throw new WireError("WIRE_MESSAGE_TYPE", `reply status ${status}`);
  skipVerifier(reader);
  const acceptStat = reader.u32();
  switch (acceptStat) {
    case 0:
    case 1:
    case 3:
    case 4:
    case 5:
      return { xid, status: "accepted", acceptStat };
    case 2:
      return { xid, status: "accepted", acceptStat, low: reader.u32(), high: reader.u32() };
    default:
      throw new WireError("WIRE_MESSAGE_TYPE", `accept status ${acceptStat}`);
  }
}

function readDenied(reader: XdrReader, xid: number): DeniedReply {
  const rejectStat = reader.u32();
  switch (rejectStat) {
    case RejectStat.rpcMismatch:
      return { xid, status: "denied", rejectStat, low: reader.u32(), high: reader.u32() };
    case RejectStat.authError:
      return { xid, status: "denied", rejectStat, authStat: reader.u32() };
    default:
      throw new WireError("WIRE_MESSAGE_TYPE", `reject status ${rejectStat}`);
  }
}

function hasBody(header: ReplyHeader): boolean {
  return header.status === "accepted" && header.acceptStat === AcceptStat.success;
}

/** Gluster peers send an empty verifier and look at none. */
function skipVerifier(reader: XdrReader): void {
  reader.u32();
  reader.opaque(AUTH_BYTES_MAX);
}

function writeNoVerifier(writer: XdrWriter): void {
  writer.u32(0);
  writer.u32(0);
}
