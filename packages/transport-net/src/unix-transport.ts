import type { Transport } from "@brickshift/transport";
import { parseUnixPath } from "./addresses.js";
import { unlisten } from "./listening.js";
import { unixTransportOptions, type UnixTransportOptionsInput } from "./options.js";
import { PlainSockets, type SocketKind } from "./plain-sockets.js";
import { removeStaleSocket } from "./stale-socket.js";

/**
 * A transport over Unix sockets. Addresses are `unix:///path`, the path absolute and taken literally,
 * at most 107 bytes. A socket file that nobody listens on any more is replaced; the file is removed
 * when the listener closes.
 * @throws ZodError when `options` do not fit {@link unixTransportOptions}.
 */
export function createUnixTransport(options: UnixTransportOptionsInput = {}): Transport {
  const sockets = new PlainSockets(unixTransportOptions.parse(options));
  return {
    schemes: ["unix"],

    async connect(address, { signal } = {}) {
      return sockets.connect({ path: parseUnixPath(address) }, address, signal, kindAt(address));
    },

    async listen(address, onConnection) {
      const path = parseUnixPath(address);
      await removeStaleSocket(path);
      const server = await sockets.listen({ path }, kindAt(address), onConnection);
      return { address, close: () => unlisten(server) };
    },
  };
}

/** The connecting end of a Unix socket has no name, so both ends call each other by the listener's. */
function kindAt(address: string): SocketKind {
  return { canReset: false, tune: () => {}, peerAddress: () => address };
}
