import type { IncomingCall, ServedProgram } from "@brickshift/rpc";
import { decodeBody, encodeBody, Errno, handshake, type OldDict, programs } from "@brickshift/wire";

/** What answers SETVOLUME. */
export interface SetvolumePort {
  setvolume(dict: OldDict | null): {
    readonly opRet: number;
    readonly opErrno: number;
    readonly dict: OldDict;
  };
}

const NULL_PROCEDURE = 0;
const { setvolume, getspec, ping, setLkVer } = handshake;

/**
 * The handshake of a brick. It has no volume files, and locks have no versions: what clients send is given
 * back. Everything is answered at once, ahead of fops that wait.
 * Source: measured (`hndsk-*`).
 */
export function handshakeProgram(port: SetvolumePort): ServedProgram {
  const numbers = [setvolume, getspec, ping, setLkVer].map(({ number }) => number);
  return {
    ...programs.handshake,
    procedures: new Set([NULL_PROCEDURE, ...numbers]),
    isExempt: true,
    handle: (call) => void call.reply(answer(port, call)),
  };
}

function answer(port: SetvolumePort, { procedure, body }: IncomingCall): readonly Uint8Array[] {
  switch (procedure) {
    case setvolume.number:
      return encodeBody(setvolume.reply, port.setvolume(decodeBody(setvolume.request, body).dict));
    case getspec.number:
      decodeBody(getspec.request, body);
      return encodeBody(getspec.reply, { opRet: -1, opErrno: Errno.ENOSYS, spec: "", xdata: null });
    case ping.number:
      decodeBody(ping.request, body);
      return encodeBody(ping.reply, { opRet: 0, opErrno: 0, xdata: null });
    case setLkVer.number: {
      const { lkVer } = decodeBody(setLkVer.request, body);
      return encodeBody(setLkVer.reply, { opRet: 0, opErrno: 0, lkVer });
    }
    default:
      return [];
  }
}
