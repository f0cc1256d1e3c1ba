import type { Connection } from "@brickshift/transport";
import type { VirtualProcess } from "./virtual-process.js";

/** A connection as its process sees it, that hears nothing any more once it is dead: not even that the connection ended. */
export function mortalConnection(connection: Connection, process: VirtualProcess | undefined): Connection {
  if (process === undefined) return connection;
  const whileAlive = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      work.then(
        (value) => {
          if (!process.isDead) resolve(value);
        },
        (error: unknown) => {
          if (!process.isDead) reject(error);
        },
      );
    });
  return {
    peer: connection.peer,
    closed: whileAlive(connection.closed),
    send: (chunks) => whileAlive(connection.send(chunks)),
    receive(handler, onEnd) {
      connection.receive(
        (record) => (process.isDead ? undefined : handler(record)),
        () => {
          if (process.isDead) return;
          if (onEnd === undefined) void connection.close();
          else onEnd();
        },
      );
    },
    close: () => whileAlive(connection.close()),
    abort: (reason) => connection.abort(reason),
  };
}
