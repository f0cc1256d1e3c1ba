import {
  connect,
  createServer,
  type ListenOptions,
  type NetConnectOpts,
  type Server,
  type Socket,
} from "node:net";
import { BufferPool, type Connection, type ConnectionHandler, RecordAssembler } from "@brickshift/transport";
import { connecting } from "./connecting.js";
import { Intake } from "./intake.js";
import { limitConnections, listening, present } from "./listening.js";
import type { UnixTransportOptions } from "./options.js";
import { withOnread } from "./private-socket.js";
import { SocketConnection } from "./socket-connection.js";

/** How sockets of one kind differ from those of another. */
export interface SocketKind {
  /** Whether a reset tells the peer of an abort. */
  readonly canReset: boolean;
  /** Sets what is to be set on a socket that is connected. */
  readonly tune: (socket: Socket) => void;
  /** The address of the peer of a connected socket. */
  readonly peerAddress: (socket: Socket) => string;
}

/** Makes connections over TCP and Unix sockets, which differ in addresses and tuning only. */
export class PlainSockets {
  readonly #options: UnixTransportOptions;
  readonly #pool: BufferPool;

  constructor(options: UnixTransportOptions) {
    this.#options = options;
    this.#pool = recordPool(options.poolBytesMax);
  }

  /** Connects to `to`, and names the peer `address`. */
  connect(
    to: NetConnectOpts,
    address: string,
    signal: AbortSignal | undefined,
    kind: SocketKind,
  ): Promise<Connection> {
    const intake = this.#intake();
    const steering = this.#options.isSteered ? { onread: intake.onread } : {};
    const socket = connect({ ...to, allowHalfOpen: true, ...steering });
    const timeoutMs = this.#options.connectTimeoutMs;
    return connecting(socket, { event: "connect", timeoutMs, signal }, () => {
      kind.tune(socket);
      const connection = this.#connection(socket, intake, address, kind);
      if (!this.#options.isSteered) intake.listen(socket);
      return connection;
    });
  }

  /** Listens on `at`; the server is closed with {@link unlisten}. */
  async listen(at: ListenOptions, kind: SocketKind, onConnection: ConnectionHandler): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const admit = limitConnections(this.#options.connectionsMax);
    server.on("connection", (accepted) => {
      const intake = this.#intake();
      const steered = this.#options.isSteered ? withOnread(accepted, intake.onread) : undefined;
      const socket = steered ?? accepted;
      if (!admit(socket)) return;
      kind.tune(socket);
      const connection = this.#connection(socket, intake, kind.peerAddress(socket), kind);
      if (steered === undefined) intake.listen(socket);
      present(connection, onConnection);
    });
    await listening(server, at);
    return server;
  }

  #intake(): Intake {
    return new Intake(new RecordAssembler(this.#options, this.#pool));
  }

  #connection(socket: Socket, intake: Intake, address: string, { canReset }: SocketKind): SocketConnection {
    return new SocketConnection({
      socket,
      intake,
      peer: { address },
      limits: this.#options,
      pool: this.#pool,
      canReset,
    });
  }
}

/** A pool whose memory is not zeroed first, which would cost as much as reading into it. */
export function recordPool(poolBytesMax: number): BufferPool {
  return new BufferPool({
    poolBytesMax,
    // A slow buffer is never a part of Node's own pool, so its `ArrayBuffer` is wholly ours.
    allocate: (bytes) => Buffer.allocUnsafeSlow(bytes).buffer,
  });
}
