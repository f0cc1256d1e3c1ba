import { type CallRequest, isRpcError, type RpcPeer } from "@brickshift/rpc";
import {
  type Auth,
  decodeBody,
  dump,
  DUMP_GFS_ID,
  encodeBody,
  handshake,
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

/**
 * DUMP, then SETVOLUME; after it the connection takes fops.
 *
 * Rejects with {@link ClientError}: `CLIENT_NOT_A_BRICK`, those of {@link readSetvolumeReply},
 * `CLIENT_REPLY_INVALID`; or with the `RpcError` of a call.
 */
export async function shakeHands(
  peer: RpcPeer,
  request: SetvolumeRequest,
  auth: HandshakeAuth,
  signal: AbortSignal,
): Promise<Capabilities> {
  const call = <Q, R>(target: Program, procedure: Procedure<Q, R>, value: Q, as: Auth) =>
    callProcedure(peer, target, procedure, value, as, signal);
  const listed = await call(programs.dump, dump.dump, { gfsId: DUMP_GFS_ID }, auth.before).catch(notABrick);
  const has = (program: Program) =>
    listed.programs.some(
      ({ prognum, progver }) => prognum === BigInt(program.number) && progver === BigInt(program.version),
    );
  if (!has(programs.fop)) {
    const hint = has(programs.portmap) ? "; it is a port mapper, which knows the brick's port" : "";
    throw new ClientError("CLIENT_NOT_A_BRICK", `${peer.peer.address} is not a GlusterFS brick${hint}`);
  }
  const dict = setvolumeDict(request);
  const reply = await call(programs.handshake, handshake.setvolume, { dict }, auth.after);
  return readSetvolumeReply(reply, request.brick);
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
