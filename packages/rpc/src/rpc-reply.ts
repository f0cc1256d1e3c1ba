import type { Connection } from "@brickshift/transport";

/** The answer to a call: a view on the record that came, and the way to give that record back. */
export class RpcReply {
  /** Results of the procedure, the caller's until {@link recycle}. */
  readonly body: Uint8Array;
  readonly #connection: Connection;
  #record: Uint8Array | undefined;

  constructor(body: Uint8Array, record: Uint8Array, connection: Connection) {
    this.body = body;
    this.#record = record;
    this.#connection = connection;
  }

  /** Hands the record's buffer back for reuse; neither `body` nor a view of it may be used afterwards. Never required. */
  recycle(): void {
    const record = this.#record;
    this.#record = undefined;
    if (record !== undefined) this.#connection.recycle?.(record);
  }
}
