import { type CallRequest, isRpcError, type RpcPeer } from "@brickshift/rpc";
import {
  type Auth,
  decodeBody,
  dump,
  DUMP_GFS_ID,
  encodeBody,
  handshake,
  portmap,
  type Procedure,
  type Program,
  programs,
} from "@brickshift/wire";
import type { Capabilities } from "./capabilities.js";
import { ClientError } from "./client-error.js";
import { readSetvolumeReply, setvolumeDict, type SetvolumeRequest } from "./setvolume.js";

/** The credentials of a connection's first calls. */
export interface HandshakeAuth {
  /** Until the brick has shown that it speaks 4.x. */
  readonly before: Auth;
  readonly after: Auth;
}

/** What a handshake came to: the brick's capabilities, or the port that a port mapper named. */
export type Handshake = { readonly capabilities: Capabilities } | { readonly port: number };

/**
 * DUMP, then SETVOLUME; after it the connection takes fops. A port mapper (glusterd) is asked for the brick's port
 * instead; its answer may change with each start of the brick.
 *
 * Rejects with {@link ClientError}: `CLIENT_NOT_A_BRICK`, `CLIENT_BRICK_UNKNOWN` when a port mapper knows no port,
 * those of {@link readSetvolumeReply}, `CLIENT_REPLY_INVALID`; or with the `RpcError` of a call.
 * Source: measured, `hndsk-…` and `pmap-…`; who lists the port mapper's program is taken for one.
 */
export async function shakeHands(
  peer: RpcPeer,
  request: SetvolumeRequest,
  auth: HandshakeAuth,
  signal: AbortSignal,
): Promise<Handshake> {
  const call = <Q, R>(target: Program, procedure: Procedure<Q, R>, value: Q, as: Auth) =>
    callProcedure(peer, target, procedure, value, as, signal);
  const listed = await call(programs.dump, dump.dump, { gfsId: DUMP_GFS_ID }, auth.before).catch(notABrick);
  const has = (program: Program) =>
    listed.programs.some(
      ({ prognum, progver }) => prognum === BigInt(program.number) && progver === BigInt(program.version),
    );
  const { brick } = request;
  if (has(programs.portmap)) {
    const { opRet, port } = await call(programs.portmap, portmap.portByBrick, { brick }, auth.before);
    if (opRet >= 0 && port > 0) return { port };
    throw new ClientError("CLIENT_BRICK_UNKNOWN", `the port mapper has no port of brick "${brick}"`);
  }
  if (!has(programs.fop)) {
    throw new ClientError("CLIENT_NOT_A_BRICK", `${peer.peer.address} is not a GlusterFS brick`);
  }
  const dict = setvolumeDict(request);
  const reply = await call(programs.handshake, handshake.setvolume, { dict }, auth.after);
  return { capabilities: readSetvolumeReply(reply, brick) };
}

async function callProcedure<Q, R>(
  peer: RpcPeer,
  program: Program,
  procedure: Procedure<Q, R>,
  value: Q,
  auth: Auth,
  signal: AbortSignal,
): Promise<R> {
  const request: CallRequest = {
    program: program.number,
    version: program.version,
    procedure: procedure.number,
    auth,
    body: encodeBody(procedure.request, value),
  };
  const reply = await peer.call(request, { signal });
  try {
    return decodeBody(procedure.reply, reply.body);
  } catch (cause) {
    throw new ClientError("CLIENT_REPLY_INVALID", `the reply to ${procedure.name} does not decode`, {
      cause,
    });
  }
}

/** Whoever does not even serve DUMP, or answers it with something else, speaks RPC but is none of ours. */
function notABrick(error: unknown): never {
  const isRefusal = isRpcError(error) && (error.refusal !== undefined || error.code === "RPC_DENIED");
  const isGarbage = error instanceof ClientError;
  if (!isRefusal && !isGarbage) throw error;
  throw new ClientError("CLIENT_NOT_A_BRICK", "the peer does not say what it serves", { cause: error });
}
