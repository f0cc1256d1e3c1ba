import type { AddressInfo } from "node:net";
import type { Transport } from "@brickshift/transport";
import { formatHostPort, parseHostPort, parsePeerHostPort } from "./addresses.js";
import { unlisten } from "./listening.js";
import { tcpTransportOptions, type TcpTransportOptionsInput } from "./options.js";
import { PlainSockets, type SocketKind } from "./plain-sockets.js";

/**
 * A transport over TCP. Addresses are `tcp://HOST:PORT`, IPv6 in brackets; listening on port 0 takes
 * any free port.
 * @throws ZodError when `options` do not fit {@link tcpTransportOptions}.
 */
export function createTcpTransport(options: TcpTransportOptionsInput = {}): Transport {
  const { keepAliveMs, ...parsed } = tcpTransportOptions.parse(options);
  const sockets = new PlainSockets(parsed);
  const kind: SocketKind = {
    canReset: true,
    tune: (socket) => void socket.setNoDelay(true).setKeepAlive(true, keepAliveMs),
    // A peer that is gone already has no address any more.
    peerAddress: ({ remoteAddress = "unknown", remotePort = 0 }) =>
      formatHostPort("tcp", { host: remoteAddress, port: remotePort }),
  };
  return {
    schemes: ["tcp"],

    async connect(address, { signal } = {}) {
      return sockets.connect(parsePeerHostPort(address, "tcp"), address, signal, kind);
    },

    async listen(address, onConnection) {
      const { host, port } = parseHostPort(address, "tcp");
      const server = await sockets.listen({ host, port }, kind, onConnection);
      const bound = server.address() as AddressInfo;
      return {
        address: formatHostPort("tcp", { host, port: bound.port }),
        close: () => unlisten(server),
      };
    },
  };
}
