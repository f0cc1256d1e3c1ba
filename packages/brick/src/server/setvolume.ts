import {
  type ClientUid,
  nameByteLength,
  type OldDict,
  oldDictOf,
  oldDictText,
  programs,
} from "@brickshift/wire";
import type { Brick } from "../brick.js";
import { BrickError } from "../brick-error.js";
import type { LoginOptions } from "../options.js";
import { isAllowed } from "./login.js";

/** Longest `process-uuid`, in bytes; stock clients send about 130. */
const PROCESS_UUID_BYTES_MAX = 1_024;
/** Version of what Brickshift adds to the protocol. */
const BRICKSHIFT_VERSION = "1";

/** Whom a connection speaks for, and which brick it wants. */
export interface SetvolumeRequest {
  readonly uid: ClientUid;
  readonly brick: Brick;
}

/**
 * Reads and judges a SETVOLUME.
 * @throws {@link BrickError} `BRICK_SETVOLUME_INVALID`, `BRICK_UNKNOWN`, `BRICK_AUTHENTICATION`.
 * Source: glusterfs `xlators/protocol/server/src/server-handshake.c`; measured (`hndsk-setvolume`).
 */
export function parseSetvolume(
  dict: OldDict | null,
  bricks: ReadonlyMap<string, Brick>,
  login: LoginOptions,
  address: string,
): SetvolumeRequest {
  const text = (key: string) => oldDictText(dict, key);
  const fopsVersion = text("fops-version");
  if (fopsVersion !== String(programs.fop.number)) throw invalid(`fops-version is ${fopsVersion}`);
  const uid = text("process-uuid");
  if (uid === undefined || uid === "") throw invalid("process-uuid is missing");
  if (nameByteLength(uid) > PROCESS_UUID_BYTES_MAX) throw invalid("process-uuid is too long");
  const name = text("remote-subvolume");
  if (name === undefined) throw invalid("remote-subvolume is missing");
  const brick = bricks.get(name);
  if (brick === undefined) throw new BrickError("BRICK_UNKNOWN", "remote-subvolume not found");
  const credentials = { username: text("username"), password: text("password"), address };
  if (!isAllowed(login, credentials)) {
    throw new BrickError("BRICK_AUTHENTICATION", "authentication failed");
  }
  const volumeId = text("volume-id");
  if (volumeId !== undefined && brick.volumeId !== undefined && volumeId !== brick.volumeId) {
    throw invalid(`the brick is of volume ${brick.volumeId}`);
  }
  return { uid: uid as ClientUid, brick };
}

/** The dictionary of a success. */
export function setvolumeReply(brick: Brick, processUuid: string): OldDict {
  return oldDictOf({
    ERROR: "Success",
    "process-uuid": processUuid,
    child_up: "1",
    "clnt-lk-version": "0",
    ...(brick.volumeId !== undefined && { "volume-id": brick.volumeId }),
    "brickshift.version": BRICKSHIFT_VERSION,
    "brickshift.brick-id": brick.id,
    ...(brick.subvolume !== undefined && { "brickshift.subvolume": brick.subvolume }),
  });
}

function invalid(reason: string): BrickError {
  return new BrickError("BRICK_SETVOLUME_INVALID", reason);
}
