import type { ListenOptions, Server, Socket } from "node:net";
import { type ConnectionHandler, handlerFailed } from "@brickshift/transport";
import { translateError } from "./errors.js";
import type { SocketConnection } from "./socket-connection.js";

/** Binds `server`; rejects with the translated error. Later errors of single arrivals are dropped. */
export function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(translateError(error, "listen")));
    server.listen({ ...options, exclusive: true }, () => {
      // An arrival that cannot be accepted, for want of descriptors say, is the peer's to notice.
      server.on("error", () => {});
      resolve();
    });
  });
}

/** Counts the open sockets of one server: at most `connectionsMax` are let in; it destroys what arrives beyond. */
export function limitConnections(connectionsMax: number): (socket: Socket) => boolean {
  let open = 0;
  return (socket) => {
    if (open >= connectionsMax) {
      socket.on("error", () => {});
      socket.destroy();
      return false;
    }
    open += 1;
    socket.once("close", () => {
      open -= 1;
    });
    return true;
  };
}

/** Gives a new connection to its handler; one that throws loses it. */
export function present(connection: SocketConnection, onConnection: ConnectionHandler): void {
  try {
    onConnection(connection);
  } catch (error) {
    connection.abort(handlerFailed(error));
  }
}

/** Stops listening and resolves when the address is free; the connections stay. */
export function unlisten(server: Server): Promise<void> {
  // The callback of `close` would wait for the connections; the socket itself is closed at once.
  server.close();
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
