import {
  Errno,
  errnoName,
  type Gfid,
  type OldDict,
  oldDictOf,
  oldDictText,
  parseGfid,
  programs,
} from "@brickshift/wire";
import type { Capabilities } from "./capabilities.js";
import { ClientError, type ClientErrorCode } from "./client-error.js";

/** What SETVOLUME tells the brick. */
export interface SetvolumeRequest {
  /** Name of the brick, the `remote-subvolume`. */
  readonly brick: string;
  /** Identity of this client object, the same for all its connections. */
  readonly contextId: string;
  /** Counts its connections; each is a new client for the brick. */
  readonly connection: number;
  readonly processName: string;
  readonly processId: number;
  readonly hostName: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly volumeId: string | undefined;
}

/**
 * The dictionary of SETVOLUME.
 * Source: measured, vector `hndsk-setvolume`; the keys that a brick needs are `remote-subvolume`, `process-uuid`
 * and `fops-version`.
 */
export function setvolumeDict(request: SetvolumeRequest): OldDict {
  const { brick, contextId, connection, processName, processId, hostName } = request;
  const identity = [
    `CTX_ID:${contextId}`,
    "GRAPH_ID:0",
    `PID:${processId}`,
    `HOST:${hostName}`,
    `PC_NAME:${processName}`,
    `RECON_NO:-${connection}`,
  ];
  return oldDictOf({
    "remote-subvolume": brick,
    "process-uuid": identity.join("-"),
    "process-name": processName,
    "fops-version": String(programs.fop.number),
    "client-version": "10.3",
    "clnt-lk-version": "1",
    opversion: "100000",
    ...(request.username === undefined ? {} : { username: request.username }),
    ...(request.password === undefined ? {} : { password: request.password }),
    ...(request.volumeId === undefined ? {} : { "volume-id": request.volumeId }),
  });
}

/**
 * What the brick answered.
 * @throws {@link ClientError} `CLIENT_AUTH_REFUSED`, `CLIENT_BRICK_UNKNOWN`, `CLIENT_BRICK_NOT_READY`,
 * `CLIENT_VOLUME_CHANGED`, `CLIENT_HANDSHAKE_REFUSED`.
 */
export function readSetvolumeReply(
  reply: { readonly opRet: number; readonly opErrno: number; readonly dict: OldDict | null },
  brick: string,
): Capabilities {
  const { opRet, opErrno, dict } = reply;
  if (opRet < 0) {
    const code = refusalCodes.get(opErrno) ?? "CLIENT_HANDSHAKE_REFUSED";
    const reason = oldDictText(dict, "ERROR") ?? errnoName(opErrno);
    throw new ClientError(code, `brick "${brick}": ${reason}`);
  }
  if (oldDictText(dict, "child_up") === "0") {
    throw new ClientError("CLIENT_BRICK_NOT_READY", `brick "${brick}" has no storage yet`);
  }
  const brickId = oldDictText(dict, "brickshift.brick-id");
  return {
    brickshift: oldDictText(dict, "brickshift.version"),
    compat: oldDictText(dict, "brickshift.compat"),
    brickId: brickId === undefined ? undefined : readBrickId(brickId),
    subvolume: oldDictText(dict, "brickshift.subvolume"),
    volumeId: oldDictText(dict, "volume-id"),
    processUuid: oldDictText(dict, "process-uuid"),
  };
}

/** Whether another attempt would meet the same refusal. A brick that is unknown may only be starting. */
export function isFinalRefusal(code: ClientErrorCode): boolean {
  return code === "CLIENT_AUTH_REFUSED" || code === "CLIENT_NOT_A_BRICK" || code === "CLIENT_VOLUME_CHANGED";
}

const refusalCodes: ReadonlyMap<number, ClientErrorCode> = new Map([
  [Errno.ENOENT, "CLIENT_BRICK_UNKNOWN"],
  [Errno.EAGAIN, "CLIENT_BRICK_NOT_READY"],
  [Errno.EACCES, "CLIENT_AUTH_REFUSED"],
  [Errno.ESTALE, "CLIENT_VOLUME_CHANGED"],
]);

function readBrickId(text: string): Gfid {
  try {
    return parseGfid(text);
  } catch (cause) {
    throw new ClientError("CLIENT_HANDSHAKE_REFUSED", "the brick's id is no uuid", { cause });
  }
}
