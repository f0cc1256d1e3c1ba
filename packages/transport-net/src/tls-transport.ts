import type { AddressInfo, Socket } from "node:net";
import { type ConnectionOptions, connect, createServer, type TLSSocket } from "node:tls";
import { type BufferPool, type PeerInfo, RecordAssembler, type Transport } from "@brickshift/transport";
import { formatHostPort, parseHostPort, parsePeerHostPort } from "./addresses.js";
import { connecting } from "./connecting.js";
import { Intake } from "./intake.js";
import { limitConnections, listening, present, unlisten } from "./listening.js";
import { tlsTransportOptions, type TlsTransportOptions, type TlsTransportOptionsInput } from "./options.js";
import { recordPool } from "./plain-sockets.js";
import { SocketConnection } from "./socket-connection.js";

/**
 * A transport over TLS 1.2 or later. Both ends must show a certificate that `ca` certifies. Host names
 * are not checked against it: bricks move between hosts, and who may do what is decided above from
 * {@link PeerInfo.certificateName}. Addresses are `tls://HOST:PORT`, IPv6 in brackets; listening on
 * port 0 takes any free port.
 * @throws ZodError when `options` do not fit {@link tlsTransportOptions}.
 */
export function createTlsTransport(options: TlsTransportOptionsInput): Transport {
  const parsed = tlsTransportOptions.parse(options);
  const pool = recordPool(parsed.poolBytesMax);
  return {
    schemes: ["tls"],

    async connect(address, { signal } = {}) {
      const to = parsePeerHostPort(address, "tls");
      const socket = connect({ ...to, ...identity(parsed), checkServerIdentity: () => undefined });
      const timeoutMs = parsed.connectTimeoutMs;
      return connecting(socket, { event: "secureConnect", timeoutMs, signal }, () =>
        secured(socket, address, parsed, pool),
      );
    },

    async listen(address, onConnection) {
      const { host, port } = parseHostPort(address, "tls");
      const server = createServer({
        ...identity(parsed),
        requestCert: true,
        handshakeTimeout: parsed.connectTimeoutMs,
      });
      // Counted from before the handshake, or stalled ones would not be bounded.
      const admit = limitConnections(parsed.connectionsMax);
      server.on("connection", (socket: Socket) => void admit(socket));
      server.on("secureConnection", (socket) => {
        const { remoteAddress = "unknown", remotePort = 0 } = socket;
        const peer = formatHostPort("tls", { host: remoteAddress, port: remotePort });
        present(secured(socket, peer, parsed, pool), onConnection);
      });
      // A peer that fails its handshake is gone already, and nobody here waits for it.
      server.on("tlsClientError", () => {});
      await listening(server, { host, port });
      const bound = server.address() as AddressInfo;
      return {
        address: formatHostPort("tls", { host, port: bound.port }),
        close: () => unlisten(server),
      };
    },
  };
}

function identity({ cert, key, ca }: TlsTransportOptions) {
  return {
    cert,
    key,
    ca,
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    allowHalfOpen: true,
  } satisfies ConnectionOptions & { allowHalfOpen: boolean };
}

/** The connection over a socket whose handshake is done. */
function secured(
  socket: TLSSocket,
  address: string,
  options: TlsTransportOptions,
  pool: BufferPool,
): SocketConnection {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, options.keepAliveMs);
  const intake = new Intake(new RecordAssembler(options, pool));
  const peer = { address, ...certificateName(socket) };
  const connection = new SocketConnection({ socket, intake, peer, limits: options, pool, canReset: false });
  intake.listen(socket);
  return connection;
}

/** The peer's common name, if its certificate has exactly one: of several, none may be relied on. */
function certificateName(socket: TLSSocket): Pick<PeerInfo, "certificateName"> {
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? { certificateName: name } : {};
}
