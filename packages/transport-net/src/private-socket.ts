import { type OnReadOpts, Socket } from "node:net";

/**
 * Everything that leans on what Node does not document. Each function looks first whether it finds
 * what it needs, and says so when it does not; nothing else may touch these members.
 * Source: `lib/net.js` of Node 20.20, seen to work on 20, 24 and 26 as well.
 */
interface SocketInternals {
  _handle: StreamHandle | null;
  resetAndClosing?: unknown;
}

interface StreamHandle {
  reading: boolean;
  readonly readStop?: unknown;
  readonly useUserBuffer?: unknown;
  readonly reset?: unknown;
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

/**
 * Destroys a TCP socket so that the peer gets a reset and not an orderly end. `resetAndDestroy()`
 * would first wait for what is being written, and then end before it resets.
 * @returns whether it could; when not, the socket is untouched.
 */
export function destroyWithReset(socket: Socket): boolean {
  const internals = socket as unknown as SocketInternals;
  if (typeof internals._handle?.reset !== "function") return false;
  if (typeof internals.resetAndClosing !== "boolean") return false;
  // libuv refuses a reset while the shutdown that an orderly end began is not through.
  if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0) return false;
  internals.resetAndClosing = true;
  socket.destroy();
  return true;
}
