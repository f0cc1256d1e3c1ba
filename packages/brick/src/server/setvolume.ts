import type { PeerInfo } from "@brickshift/transport";
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
import { type Credentials, isAllowed } from "./login.js";

/** Longest `process-uuid`, in bytes; stock clients send about 130. */
const PROCESS_UUID_BYTES_MAX = 1_024;
/** Begins the identity of a client that has a certificate, and no other. */
const CERTIFIED = "tls:";
/** Version of what Brickshift adds to the protocol. From 2 on PUT makes migration targets, and a `publish` gives its lease back. */
const BRICKSHIFT_VERSION = "2";

/** Whom a connection speaks for, and which brick it wants. */
export interface SetvolumeRequest {
  readonly uid: ClientUid;
  readonly brick: Brick;
  /** What it showed: asked for again when the rules change. */
  readonly credentials: Credentials;
}

/**
 * Reads and judges a SETVOLUME.
 * @throws {@link BrickError} `BRICK_SETVOLUME_INVALID`, `BRICK_UNKNOWN`, `BRICK_AUTHENTICATION`, `BRICK_DOWN`.
 * Source: glusterfs `xlators/protocol/server/src/server-handshake.c`; measured (`hndsk-setvolume`).
 */
export function parseSetvolume(
  dict: OldDict | null,
  bricks: ReadonlyMap<string, Brick>,
  peer: PeerInfo,
): SetvolumeRequest {
  const text = (key: string) => oldDictText(dict, key);
  const fopsVersion = text("fops-version");
  if (fopsVersion !== String(programs.fop.number)) throw invalid(`fops-version is ${fopsVersion}`);
  const uid = clientUid(text("process-uuid"), peer.certificateName);
  const name = text("remote-subvolume");
  if (name === undefined) throw invalid("remote-subvolume is missing");
  const brick = bricks.get(name);
  if (brick === undefined) throw new BrickError("BRICK_UNKNOWN", "remote-subvolume not found");
  const { address, certificateName } = peer;
  const credentials = { username: text("username"), password: text("password"), address, certificateName };
  if (!isAllowed(brick.options.login, credentials)) {
    throw new BrickError("BRICK_AUTHENTICATION", "authentication failed");
  }
  const volumeId = text("volume-id");
  if (volumeId !== undefined && brick.volumeId !== undefined && volumeId !== brick.volumeId) {
    throw invalid(`the brick is of volume ${brick.volumeId}`);
  }
  if (!brick.isUp) throw new BrickError("BRICK_DOWN", "the brick is down; it comes back by itself");
  return { uid, brick, credentials };
}

/**
 * Whom a connection speaks for: what it says, and with TLS whose certificate it proved to hold. A peer chooses its
 * `process-uuid` and may choose that of another; without the certificate in it, it would share that client's fds, locks
 * and leases.
 */
function clientUid(processUuid: string | undefined, certificateName: string | undefined): ClientUid {
  if (processUuid === undefined || processUuid === "") throw invalid("process-uuid is missing");
  if (nameByteLength(processUuid) > PROCESS_UUID_BYTES_MAX) throw invalid("process-uuid is too long");
  if (certificateName !== undefined) {
    return `${CERTIFIED}${encodeURIComponent(certificateName)}/${processUuid}` as ClientUid;
  }
  if (processUuid.startsWith(CERTIFIED)) throw invalid("process-uuid is that of a peer with a certificate");
  return processUuid as ClientUid;
}

/** The dictionary of a success. */
export function setvolumeReply(brick: Brick, processUuid: string): OldDict {
  const { compat } = brick.options;
  return oldDictOf({
    ERROR: "Success",
    "process-uuid": processUuid,
    child_up: "1",
    "clnt-lk-version": "0",
    ...(brick.volumeId !== undefined && { "volume-id": brick.volumeId }),
    // A brick without the lease protocol of Brickshift must not be taken for one that has it.
    ...(compat === undefined
      ? { "brickshift.version": BRICKSHIFT_VERSION }
      : { "brickshift.compat": compat }),
    "brickshift.brick-id": brick.id,
    ...(brick.subvolume !== undefined && { "brickshift.subvolume": brick.subvolume }),
  });
}

function invalid(reason: string): BrickError {
  return new BrickError("BRICK_SETVOLUME_INVALID", reason);
}
