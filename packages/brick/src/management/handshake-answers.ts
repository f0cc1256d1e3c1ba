import { Errno, handshake, nameByteLength, oldDictOf, oldDictText } from "@brickshift/wire";
import { type Answer, answering, checkLength } from "./answer-program.js";
import type { ManagementLog } from "./management-event.js";
import type { ManagementOptions } from "./options.js";
import { type VolumeDirectory, volumeOfKey } from "./volume-directory.js";

/** What the handshake of one management connection is answered from. */
export interface HandshakeInit {
  readonly directory: VolumeDirectory;
  readonly options: ManagementOptions;
  readonly log: ManagementLog;
  /** Hears of each volume that the connection fetched. */
  readonly onFetch: (volume: string) => void;
}

/**
 * GETSPEC, GET_VOLUME_INFO and PING. A brick's own volfiles are not given: nobody starts one with them.
 * Source: measured, vectors `hndsk-getspec`, `hndsk-get-volume-info`, `hndsk-ping`; ENOENT for an unknown volume.
 */
export function handshakeAnswers({ directory, options, log, onFetch }: HandshakeInit): readonly Answer[] {
  const lookUp = (key: string) => {
    checkLength(key, nameByteLength(key), options.keyBytesMax);
    return volumeOfKey(key);
  };
  return [
    answering(handshake.getspec, ({ key }, { peer: { address } }) => {
      const volume = lookUp(key);
      const spec = directory.volfile(volume);
      if (spec === undefined) {
        log({ type: "volfile-unknown", address, key });
        return { opRet: -1, opErrno: Errno.ENOENT, spec: "", xdata: null };
      }
      onFetch(volume);
      log({ type: "volfile-fetched", address, volume });
      return { opRet: nameByteLength(spec), opErrno: 0, spec, xdata: null };
    }),
    answering(handshake.getVolumeInfo, ({ dict }) => {
      const volume = lookUp(oldDictText(dict, "volname") ?? "");
      const id = directory.volumeId(volume);
      if (id === undefined) {
        return { opRet: -1, opErrno: Errno.EINVAL, opErrstr: `Volume ${volume} does not exist`, dict: null };
      }
      return { opRet: 0, opErrno: 0, opErrstr: "", dict: oldDictOf({ volume_id: id }) };
    }),
    answering(handshake.ping, () => ({ opRet: 0, opErrno: 0, xdata: null })),
  ];
}
