import { type OnReadOpts, Socket } from "node:net";

/**
 * What this file, and no other, uses of Node without it being documented.
 * Source: `lib/net.js` of Node 20.20; seen to work on 24 and 26 too.
 */
interface SocketInternals {
  _handle: StreamHandle | null;
}

interface StreamHandle {
  reading: boolean;
  readonly readStop?: unknown;
  readonly useUserBuffer?: unknown;
}

/**
 * Makes a socket with `onread` from one that a server accepted with `pauseOnConnect`: Node offers
 * `onread` for outgoing sockets only. The accepted one is an empty shell afterwards.
 * @returns `undefined` when this Node is made differently; the accepted socket is untouched then.
 */
export function withOnread(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const shell = accepted as unknown as SocketInternals;
  const handle = shell._handle;
  if (
    handle === null ||
    typeof handle !== "object" ||
    typeof handle.reading !== "boolean" ||
    typeof handle.useUserBuffer !== "function" ||
    typeof handle.readStop !== "function" ||
    accepted.bytesRead > 0
  ) {
    return undefined;
  }
  shell._handle = null;
  handle.reading = false;
  const options = { handle, onread, allowHalfOpen: true, readable: true, writable: true };
  const socket = new Socket(options);
  // Without a handle this closes nothing; it makes the server forget the shell.
  accepted.destroy();
  return socket;
}
