import { type Connection, TransportError } from "@brickshift/transport";

/** A connection that one end can be made to find broken while the other goes on. */
export interface SeverableConnection {
  readonly connection: Connection;
  readonly sever: () => void;
}

/** The connection as its own end sees it. Once severed it sends nothing more and hears nothing more. */
export function severableConnection(connection: Connection): SeverableConnection {
  let isSevered = false;
  let settle: (reason: TransportError | undefined) => void = () => {};
  const closed = new Promise<TransportError | undefined>((resolve) => {
    settle = resolve;
  });
  void connection.closed.then(settle);
  const lost = () => new TransportError("TRANSPORT_LOST", "no route to the peer");
  return {
    sever: () => {
      isSevered = true;
      settle(lost());
    },
    connection: {
      peer: connection.peer,
      closed,
      send: (chunks) => (isSevered ? Promise.reject(lost()) : connection.send(chunks)),
      receive(handler, onEnd) {
        connection.receive(
          (record) => (isSevered ? undefined : handler(record)),
          () => {
            if (isSevered || onEnd === undefined) void connection.close();
            else onEnd();
          },
        );
      },
      close: () => connection.close(),
      abort(reason) {
        // Its own end is over; the other has not heard of it.
        if (!isSevered) connection.abort(reason);
      },
    },
  };
}
